import {
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWK_EC_Public,
  type JWK_OKP_Public,
} from "jose";
import type { TokenKeyRecord } from "../../metadata/index.ts";
import type { Seal } from "./seal.ts";

/** What tokens of this registry can be signed with. */
export const TOKEN_ALGORITHMS = ["ES256", "EdDSA"] as const;

export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** A key as it is published: nothing of it is secret. */
export type PublicJwk = (JWK_EC_Public | JWK_OKP_Public) & { readonly kid: string; readonly alg: string };

/** A key that tokens are verified with, and signed with if this process can open its private half. */
export interface TokenKey {
  readonly id: string;
  readonly algorithm: TokenAlgorithm;
  readonly publicJwk: PublicJwk;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey | undefined;
  readonly signsUntilMs: number;
  readonly verifiesUntilMs: number;
}

export type TokenKeyTimes = Pick<TokenKeyRecord, "createdAtMs" | "signsUntilMs" | "verifiesUntilMs">;

/** Makes a new key, as it is kept. Its id is its thumbprint, by which other programs look for keys too. */
export async function makeTokenKey(
  algorithm: TokenAlgorithm,
  seal: Seal,
  times: TokenKeyTimes,
): Promise<TokenKeyRecord> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const bare = await exportJWK(publicKey);
  const id = await calculateJwkThumbprint(bare);
  const publicJwk = JSON.stringify({ ...bare, kid: id, alg: algorithm, use: "sig" });
  const sealedPrivateJwk = seal.seal(JSON.stringify(await exportJWK(privateKey)), id);
  return { id, algorithm, publicJwk, sealedPrivateJwk, ...times };
}

/** @throws Error if the record is not what `makeTokenKey` made */
export async function loadTokenKey(record: TokenKeyRecord, seal: Seal): Promise<TokenKey> {
  const { id, signsUntilMs, verifiesUntilMs } = record;
  const algorithm = TOKEN_ALGORITHMS.find((known) => known === record.algorithm);
  if (algorithm === undefined) throw new Error(`nobody here signs with ${record.algorithm}`);
  const publicJwk = JSON.parse(record.publicJwk) as PublicJwk;
  const publicKey = await importKey(publicJwk, algorithm);
  const opened = seal.unseal(record.sealedPrivateJwk, id);
  const privateKey = opened === undefined ? undefined : await importKey(JSON.parse(opened) as JWK, algorithm);
  return { id, algorithm, publicJwk, publicKey, privateKey, signsUntilMs, verifiesUntilMs };
}

async function importKey(jwk: JWK, algorithm: TokenAlgorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error("a secret is no key to sign with");
  return key;
}
