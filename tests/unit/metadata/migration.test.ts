import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { KyselyOnSqlite } from "../../../src/metadata/sqlite/bun-sqlite.ts";

test("a migration that breaks off leaves nothing of it behind", async () => {
  const connection = new Database(":memory:");
  const db = new KyselyOnSqlite<unknown>(connection, ":memory:");
  const broken: Migration = {
    async up(queries: Kysely<unknown>) {
      await sql.raw("create table half (id integer)").execute(queries);
      throw new Error("power cut");
    },
  };
  const provider = { getMigrations: () => Promise.resolve({ "0001-broken": broken }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  expect(error).toBeInstanceOf(Error);
  expect(connection.query("select name from sqlite_master where name = 'half'").all()).toEqual([]);
  await db.destroy();
});
