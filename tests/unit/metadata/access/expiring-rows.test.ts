import { expect, test } from "bun:test";
import { sql } from "kysely";
import { openSqlite } from "../../../../src/metadata/index.ts";

/** Their old rows are removed before each new one: to look through all would hold up all who write, the longer the more there are. */
test.each(["pending_sign_ins", "used_tokens"])(
  "%s are removed by their expiry without looking at others",
  async (table) => {
    const metadata = await openSqlite(":memory:");
    const plan = sql<{ detail: string }>`explain query plan delete from ${sql.table(table)} where expires_at_ms <= 1`;
    const { rows } = await plan.execute(metadata.reads);
    expect(rows.map(({ detail }) => detail).join()).toContain(`INDEX ${table}_by_expiry`);
    await metadata.close();
  },
);
