import { expect, test } from "bun:test";
import { sql } from "kysely";
import { openSqlite } from "../../../../src/metadata/index.ts";

/** Their old rows are removed before each new one: to look through all would hold up all who write, the longer the more there are. */
test.each([
  ["used_tokens", "expires_at_ms <= 1", "by_expiry"],
  ["web_sessions", "expires_at_ms <= 1", "by_expiry"],
  ["web_sessions", "seen_at_ms < 1", "by_sight"],
  ["sign_in_failures", "failed_at_ms < 1 and blocked_until_ms < 1", "by_time"],
])("%s where %s are removed without looking at others", async (table, condition, index) => {
  const metadata = await openSqlite(":memory:");
  const plan = sql<{ detail: string }>`explain query plan delete from ${sql.table(table)} where ${sql.raw(condition)}`;
  const { rows } = await plan.execute(metadata.reads);
  expect(rows.map(({ detail }) => detail).join()).toContain(`INDEX ${table}_${index}`);
  await metadata.close();
});
