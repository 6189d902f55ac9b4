import { calculateJwkThumbprint, type JWK } from "jose";
import { createHash, type KeyObject, type X509Certificate } from "node:crypto";

/** Public keys by the names that tokens call them. */
export type NamedKeys = ReadonlyMap<string, JWK>;

/** The keys of certificates, by both names that they have had in registry:2. */
export async function keysOfCertificates(certificates: readonly X509Certificate[]): Promise<NamedKeys> {
  const named = new Map<string, JWK>();
  for (const { publicKey } of certificates) {
    const jwk = jwkOf(publicKey);
    named.set(await calculateJwkThumbprint(jwk), jwk);
    named.set(libtrustFingerprint(publicKey), jwk);
  }
  return named;
}

/**
 * The keys of a set that signatures can be verified with; what else is in it is left out.
 * @throws Error if the text is no key set, or has no such key
 * @spec RFC 7517, 5
 */
export async function keysOfSet(text: string): Promise<NamedKeys> {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null || !("keys" in parsed) || !Array.isArray(parsed.keys))
    throw new Error("it is no JSON Web Key Set: it has no list `keys`");
  const named = new Map<string, JWK>();
  for (const entry of parsed.keys as readonly unknown[]) {
    const jwk = publicPartOf(entry);
    if (jwk) named.set(jwk.kid ?? (await calculateJwkThumbprint(jwk)), jwk);
  }
  if (named.size === 0) throw new Error("it has no public key of RSA, EC or OKP for signatures");
  return named;
}

export function jwkOf(key: KeyObject): JWK {
  return Object.freeze(key.export({ format: "jwk" }) as JWK);
}

/** What may be taken over of each kind of key: what is secret never is. */
const PUBLIC_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
};

function publicPartOf(entry: unknown): JWK | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const members = entry as Readonly<Record<string, unknown>>;
  const { kty, kid, alg, use = "sig" } = members;
  const names = typeof kty === "string" && Object.hasOwn(PUBLIC_MEMBERS, kty) ? PUBLIC_MEMBERS[kty] : undefined;
  if (!names?.every((name) => typeof members[name] === "string") || use !== "sig") return undefined;
  const key = { kty, ...Object.fromEntries(names.map((name) => [name, members[name]])) };
  const about = { ...(typeof kid === "string" && { kid }), ...(typeof alg === "string" && { alg }) };
  return Object.freeze({ ...key, ...about } as JWK);
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const FINGERPRINT_BITS = 240;

/** How registry:2 before its third generation names a key: `ABCD:EFGH:…`. */
export function libtrustFingerprint(key: KeyObject): string {
  const hash = createHash("sha256")
    .update(key.export({ format: "der", type: "spki" }))
    .digest();
  const bits = [...hash]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, FINGERPRINT_BITS);
  const letters = bits.replaceAll(/.{5}/g, (five) => BASE32.charAt(Number.parseInt(five, 2)));
  return letters.replaceAll(/.{4}(?=.)/g, "$&:");
}
