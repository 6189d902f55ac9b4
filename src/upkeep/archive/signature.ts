import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { errorCode } from "../../runtime/index.ts";
import { ArchiveError } from "./archive-error.ts";
import { SUMS_FILE } from "./sums-file.ts";

/** Beside the checksums: a signature of their bytes in base64, as `cosign sign-blob --key` writes it of a file. */
export const SIGNATURE_FILE = `${SUMS_FILE}.sig`;

/** In base64, on a line. */
export const MOST_SIGNATURE_BYTES = 4096;

/** A public key, and what it is called where it is told about. */
export interface TrustedKey {
  readonly name: string;
  readonly key: KeyObject;
}

/**
 * @param pem a private key on the curve P-256, or of Ed25519; in PEM
 * @param passphrase of one that is encrypted
 * @throws ArchiveError
 */
export function parseSigningKey(pem: string, passphrase: string | undefined): KeyObject {
  return requireKind(readPrivateKey(pem, passphrase));
}

function readPrivateKey(pem: string, passphrase: string | undefined): KeyObject {
  if (pem.includes("SIGSTORE PRIVATE KEY"))
    throw new ArchiveError(
      "this is a key in cosign's own format: make one with openssl, which cosign import-key-pair takes",
    );
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "ERR_MISSING_PASSPHRASE")
      throw new ArchiveError(
        "the key is encrypted, and its passphrase is missing: give it by BERTH_SIGN_PASSPHRASE, or a file by BERTH_SIGN_PASSPHRASE_FILE",
      );
    if (/DECRYPT/.test(code)) throw new ArchiveError("the passphrase is not that of the key");
    throw new ArchiveError("this is no private key in PEM", { cause: error });
  }
}

/** @param pem what goes with it, such as `openssl pkey -pubout` writes @throws ArchiveError */
export function parseTrustedKey(pem: string): KeyObject {
  // Of a private key the public one could be had, but it does not belong where bundles are verified.
  if (!pem.includes("-----BEGIN PUBLIC KEY-----")) throw new ArchiveError("this is no public key in PEM");
  try {
    return requireKind(createPublicKey({ key: pem, format: "pem" }));
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError("this is no public key in PEM", { cause: error });
  }
}

function requireKind(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === "ed25519") return key;
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  throw new ArchiveError("the key is neither one on the curve P-256 nor one of Ed25519");
}

/** ECDSA with SHA-256 in ASN.1, or Ed25519; in base64, on a line. */
export function signBytes(bytes: Uint8Array, key: KeyObject): string {
  return `${sign(hashFor(key), bytes, { key, dsaEncoding: "der" }).toString("base64")}\n`;
}

/** @returns the first of the keys that has signed it */
export function findSigner(bytes: Uint8Array, signature: string, keys: readonly TrustedKey[]): TrustedKey | undefined {
  const raw = Buffer.from(signature.trim(), "base64");
  return keys.find(({ key }) => verify(hashFor(key), bytes, { key, dsaEncoding: "der" }, raw));
}

function hashFor({ asymmetricKeyType }: KeyObject): "sha256" | null {
  return asymmetricKeyType === "ed25519" ? null : "sha256";
}
