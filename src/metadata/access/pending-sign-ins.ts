import type { Queries } from "../database.ts";

/** A browser that was sent to a provider and is not back yet. */
export interface PendingSignInRecord {
  /** Of its `state`: SHA-256 in hexadecimal. */
  readonly hash: string;
  readonly provider: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly expiresAtMs: number;
}

/** Removes those whose time is over. @returns how many are left */
export async function purgePendingSignIns(queries: Queries, nowMs: number): Promise<number> {
  await queries.deleteFrom("pending_sign_ins").where("expires_at_ms", "<=", nowMs).execute();
  const { count } = await queries
    .selectFrom("pending_sign_ins")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertPendingSignIn(queries: Queries, pending: PendingSignInRecord): Promise<void> {
  await queries
    .insertInto("pending_sign_ins")
    .values({
      hash: pending.hash,
      provider: pending.provider,
      nonce: pending.nonce,
      code_verifier: pending.codeVerifier,
      return_to: pending.returnTo,
      expires_at_ms: pending.expiresAtMs,
    })
    .execute();
}

/** Takes it away, so that it counts once only; also one whose time is over. */
export async function takePendingSignIn(queries: Queries, hash: string): Promise<PendingSignInRecord | undefined> {
  return queries
    .deleteFrom("pending_sign_ins")
    .where("hash", "=", hash)
    .returning([
      "hash",
      "provider",
      "nonce",
      "code_verifier as codeVerifier",
      "return_to as returnTo",
      "expires_at_ms as expiresAtMs",
    ])
    .executeTakeFirst();
}
