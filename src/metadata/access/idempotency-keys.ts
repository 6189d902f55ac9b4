import type { Queries } from "../database.ts";

/** A request that was carried out, by the key that its sender gave it. */
export interface IdempotencyRecord {
  /** The SHA-256 of who sent it and their key. */
  readonly hash: string;
  /** The SHA-256 of what was asked for. */
  readonly requestHash: string;
  /** What was answered, as JSON; `null` for what is shown once. */
  readonly answer: string | null;
  readonly expiresAtMs: number;
}

export async function findIdempotencyKey(queries: Queries, hash: string): Promise<IdempotencyRecord | undefined> {
  return queries
    .selectFrom("idempotency_keys")
    .select(["hash", "request_hash as requestHash", "answer", "expires_at_ms as expiresAtMs"])
    .where("hash", "=", hash)
    .executeTakeFirst();
}

/** Also removes those that have expired. */
export async function insertIdempotencyKey(
  queries: Queries,
  { hash, requestHash, answer, expiresAtMs }: IdempotencyRecord,
  nowMs: number,
): Promise<void> {
  await queries.deleteFrom("idempotency_keys").where("expires_at_ms", "<=", nowMs).execute();
  await queries
    .insertInto("idempotency_keys")
    .values({ hash, request_hash: requestHash, answer, expires_at_ms: expiresAtMs })
    .execute();
}
