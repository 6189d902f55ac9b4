import type { Queries } from "../database.ts";

/**
 * Remembers a token of somebody else, or the state of a sign-in there, until it would not be taken any more.
 * @param hash SHA-256 of what makes it the only one, in hexadecimal
 * @returns whether this is the first time
 */
export async function useTokenOnce(
  queries: Queries,
  { hash, expiresAtMs, nowMs }: { readonly hash: string; readonly expiresAtMs: number; readonly nowMs: number },
): Promise<boolean> {
  await queries.deleteFrom("used_tokens").where("expires_at_ms", "<=", nowMs).execute();
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto("used_tokens")
    .values({ hash, expires_at_ms: expiresAtMs })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
