import { RegistryError } from "./registry-error.ts";

/** `sha256:<64 hex>` or `sha512:<128 hex>`, lower case. */
export type Digest = string & { readonly __brand: "Digest" };

export type DigestAlgorithm = "sha256" | "sha512";

const SUPPORTED = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const GRAMMAR = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+$/;

export function isDigest(text: string): text is Digest {
  return SUPPORTED.test(text);
}

/**
 * @throws RegistryError `digest-invalid`
 * @spec OCI image-spec, "Digests" and "Registered Algorithms"
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryError("digest-invalid", explainBadDigest(text), { detail: { digest: shorten(text) } });
}

function explainBadDigest(text: string): string {
  const algorithm = GRAMMAR.exec(text)?.[1];
  if (algorithm === "sha256") return "a sha256 digest is sha256: and 64 lower-case hexadecimal digits";
  if (algorithm === "sha512") return "a sha512 digest is sha512: and 128 lower-case hexadecimal digits";
  if (algorithm) return `digest algorithm ${shorten(algorithm)} is not supported: use sha256 or sha512`;
  return "a digest is <algorithm>:<hex>, for example sha256: and 64 lower-case hexadecimal digits";
}

/** So that an answer and a log line stay small whatever was sent. */
export function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return digestFromHex(algorithm, new Bun.CryptoHasher(algorithm).update(bytes).digest("hex"));
}

/** Whether the bytes are those that the digest names. */
export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

/** @param hex as a hash function printed it: right in length and case */
export function digestFromHex(algorithm: DigestAlgorithm, hex: string): Digest {
  return `${algorithm}:${hex}` as Digest;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** @throws RegistryError `digest-invalid` */
export function parseDigestAlgorithm(text: string): DigestAlgorithm {
  if (text === "sha256" || text === "sha512") return text;
  throw new RegistryError("digest-invalid", `digest algorithm ${shorten(text)} is not supported: use sha256 or sha512`);
}
