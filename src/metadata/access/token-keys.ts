import type { Queries } from "../database.ts";

/** A key that tokens are signed with. */
export interface TokenKeyRecord {
  readonly id: string;
  readonly algorithm: string;
  /** JSON, as is what the sealed one holds. */
  readonly publicJwk: string;
  readonly sealedPrivateJwk: string;
  readonly createdAtMs: number;
  /** Exclusive, as is the next. */
  readonly signsUntilMs: number;
  readonly verifiesUntilMs: number;
}

/** All keys that are good for something yet; the one that signs the shortest is the first. */
export async function listTokenKeys(queries: Queries, nowMs: number): Promise<readonly TokenKeyRecord[]> {
  return queries
    .selectFrom("token_keys")
    .select([
      "id",
      "algorithm",
      "public_jwk as publicJwk",
      "sealed_private_jwk as sealedPrivateJwk",
      "created_at_ms as createdAtMs",
      "signs_until_ms as signsUntilMs",
      "verifies_until_ms as verifiesUntilMs",
    ])
    .where("verifies_until_ms", ">", nowMs)
    .orderBy("signs_until_ms")
    .orderBy("id")
    .execute();
}

export async function insertTokenKey(queries: Queries, key: TokenKeyRecord): Promise<void> {
  await queries
    .insertInto("token_keys")
    .values({
      id: key.id,
      algorithm: key.algorithm,
      public_jwk: key.publicJwk,
      sealed_private_jwk: key.sealedPrivateJwk,
      created_at_ms: key.createdAtMs,
      signs_until_ms: key.signsUntilMs,
      verifies_until_ms: key.verifiesUntilMs,
    })
    .execute();
}

/** Removes keys that are good for nothing any more. */
export async function removeSpentTokenKeys(queries: Queries, nowMs: number): Promise<void> {
  await queries.deleteFrom("token_keys").where("verifies_until_ms", "<=", nowMs).execute();
}
