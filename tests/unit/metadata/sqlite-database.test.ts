import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { ensureRepository, listRepositories, MetadataError, openSqlite } from "../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../src/oci/index.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const app = "app" as RepositoryName;

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MetadataError) return error.reason;
    throw error;
  }
  return "no error";
}

test("rows are there after closing and opening again", async () => {
  const path = join(folder, "again.db");
  const first = await openSqlite(path);
  await first.transaction((queries) => ensureRepository(queries, app, 1));
  await first.close();
  const second = await openSqlite(path);
  expect(await listRepositories(second.reads, { after: "", limit: 9 })).toEqual([app]);
  await second.close();
});

test("a committed row is in the files before the database is closed", async () => {
  const path = join(folder, "open.db");
  const db = await openSqlite(path);
  await db.transaction((queries) => ensureRepository(queries, app, 1));
  const other = new Database(path, { readonly: true });
  expect(other.query("select name from repositories").all()).toEqual([{ name: "app" }]);
  other.close();
  await db.close();
});

test("two processes may write in turn", async () => {
  const path = join(folder, "two.db");
  const [one, two] = [await openSqlite(path), await openSqlite(path)];
  await one.transaction((queries) => ensureRepository(queries, app, 1));
  await two.transaction((queries) => ensureRepository(queries, "b" as RepositoryName, 1));
  expect((await listRepositories(one.reads, { after: "", limit: 9 })).length).toBe(2);
  await one.close();
  await two.close();
});

test("a file that is no database is refused with the way out", async () => {
  const path = join(folder, "damaged.db");
  writeFileSync(path, "this is not a database, but long enough to be read as one".repeat(100));
  expect(await reasonOf(openSqlite(path))).toBe("corrupt");
});

test("a database of a newer version is refused", async () => {
  const path = join(folder, "newer.db");
  await (await openSqlite(path)).close();
  const raw = new Database(path);
  raw.run("insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01')");
  raw.close();
  expect(await reasonOf(openSqlite(path))).toBe("incompatible");
});

test("a folder that cannot be made is an error with a reason", async () => {
  writeFileSync(join(folder, "file"), "");
  expect(await reasonOf(openSqlite(join(folder, "file", "berth.db")))).toBe("readonly");
});

test("a full disk is told as such, and undoes all of the transaction", async () => {
  const db = await openSqlite(join(folder, "full.db"));
  const filling = db.transaction(async (queries) => {
    await ensureRepository(queries, app, 1);
    await sql`pragma max_page_count = 1`.execute(queries);
    await sql`insert into blobs (digest, size_bytes, storage_key, created_at_ms)
      values (${"x".repeat(99_999)}, 1, 'key', 1)`.execute(queries);
  });
  expect(await reasonOf(filling)).toBe("full");
  expect(await listRepositories(db.reads, { after: "", limit: 9 })).toEqual([]);
  await db.transaction((queries) => sql`pragma max_page_count = 100000`.execute(queries));
  await db.transaction((queries) => ensureRepository(queries, app, 1));
  await db.close();
});
