import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

/** How often it went wrong in a row, for an account, for one from an address, or for an address. */
export interface SignInFailureRecord {
  /** `account:<name>`, `account:<name>`, tab and address, or `address:<address>`. */
  readonly key: string;
  readonly failures: number;
  readonly failedAtMs: number;
  readonly blockedUntilMs: number;
}

const selectByKey = preparedQuery((queries, { key }: { key: string }) =>
  queries
    .selectFrom("sign_in_failures")
    .select(["key", "failures", "failed_at_ms as failedAtMs", "blocked_until_ms as blockedUntilMs"])
    .where("key", "=", key),
);

export async function findSignInFailures(queries: Queries, key: string): Promise<SignInFailureRecord | undefined> {
  const [row] = await selectByKey(queries, { key });
  return row;
}

const upsert = preparedQuery((queries, { key, failures, failedAtMs, blockedUntilMs }: SignInFailureRecord) => {
  const row = { failures, failed_at_ms: failedAtMs, blocked_until_ms: blockedUntilMs };
  return queries
    .insertInto("sign_in_failures")
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row));
});

export async function putSignInFailures(queries: Queries, record: SignInFailureRecord): Promise<void> {
  await upsert(queries, record);
}

/** With those of a key and, behind a tab, an address. */
export async function clearSignInFailures(queries: Queries, key: string): Promise<void> {
  // In the order of keys a line feed comes right behind the tab.
  await queries.deleteFrom("sign_in_failures").where("key", ">=", key).where("key", "<", `${key}\n`).execute();
}

/** Forgets those of which the last was before `beforeMs` and that block nobody any more. */
export async function removeOldSignInFailures(queries: Queries, beforeMs: number): Promise<void> {
  await queries
    .deleteFrom("sign_in_failures")
    .where("failed_at_ms", "<", beforeMs)
    .where("blocked_until_ms", "<", beforeMs)
    .execute();
}
