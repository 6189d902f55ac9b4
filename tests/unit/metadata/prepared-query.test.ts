import { afterAll, beforeAll, expect, test } from "bun:test";
import { type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { preparedQuery } from "../../../src/metadata/prepared-query.ts";
import type { RepositoryName } from "../../../src/oci/index.ts";

let db: MetadataDatabase;
beforeAll(async () => {
  db = await openSqlite(":memory:");
});
afterAll(() => db.close());

const name = (text: string) => text as RepositoryName;

test("is built once, and takes other values and other transactions each time", async () => {
  let built = 0;
  const insert = preparedQuery((queries, row: { name: RepositoryName; nowMs: number }) => {
    built++;
    return queries.insertInto("repositories").values({ name: row.name, created_at_ms: row.nowMs }).returning("name");
  });
  for (const [text, nowMs] of [
    ["a", 1],
    ["b", 2],
  ] as const) {
    expect(await db.transaction((queries) => insert(queries, { name: name(text), nowMs }))).toEqual([
      { name: name(text) },
    ]);
  }
  const rows = await db.reads.selectFrom("repositories").select(["name", "created_at_ms"]).orderBy("name").execute();
  expect(rows).toEqual([
    { name: name("a"), created_at_ms: 1 },
    { name: name("b"), created_at_ms: 2 },
  ]);
  expect(built).toBe(1);
});

test("keeps values that it was built with", async () => {
  const select = preparedQuery((queries, { limit }: { limit: number }) =>
    queries.selectFrom("repositories").select("name").where("name", ">=", name("a")).orderBy("name").limit(limit),
  );
  expect(await select(db.reads, { limit: 1 })).toEqual([{ name: name("a") }]);
  expect(await select(db.reads, { limit: 2 })).toHaveLength(2);
});
