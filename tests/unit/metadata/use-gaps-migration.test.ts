import { expect, test } from "bun:test";
import { sql } from "kysely";
import { listUseGaps } from "../../../src/metadata/index.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";

test("nobody knows of a registry of before how long it was off: since it last did something at most", async () => {
  const before = await DatabaseAsOf.open("0016-quiet-upkeep");
  await sql`insert into in_use_clusters (name, heard_at_ms, holds_until_ms) values ('eu', 1000, 2000), ('us', 3000, 4000)`.execute(
    before.db,
  );
  await before.migrateToLatest();
  expect(await listUseGaps(before.db, 9000)).toEqual([{ fromMs: 3000, toMs: 9000 }]);
  await before.db.destroy();
});

test("a new registry was never off", async () => {
  const before = await DatabaseAsOf.open("0016-quiet-upkeep");
  await before.migrateToLatest();
  expect(await listUseGaps(before.db, 9000)).toEqual([]);
  await before.db.destroy();
});
