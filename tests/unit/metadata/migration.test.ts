import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { findRepositoryArrival } from "../../../src/metadata/index.ts";
import { KyselyOnSqlite } from "../../../src/metadata/sqlite/bun-sqlite.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";

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

test("what was there before settings came has none, and nothing of it expires", async () => {
  const before = await DatabaseAsOf.open("0005-garbage");
  const { db, connection } = before;
  connection.run(`insert into repositories (id, name, created_at_ms) values (1, 'team/app', 1)`);
  connection.run(
    `insert into manifests (id, repository_id, digest, media_type, size_bytes, created_at_ms, body)
      values (1, 1, 'sha256:a', 'type', 1, 1, x'00'), (2, 1, 'sha256:b', 'type', 1, 1, x'00')`,
  );
  connection.run(`insert into tags values (1, 'latest', 1, 7)`);
  await before.migrateToLatest();
  expect(connection.query("select * from node_settings").all()).toEqual([]);
  expect(connection.query("select * from tags").all()).toEqual([
    { repository_id: 1, name: "latest", manifest_id: 1, updated_at_ms: 7, expires_at_ms: null, is_label_unread: 0 },
  ]);
  // A candidate that was postponed and becomes one anew is as any other.
  connection.run(`update garbage_candidates set untagged_since_ms = 1 where kind = 'manifest' and target_id = 2`);
  connection.run(`update garbage_candidates set since_ms = 9 where kind = 'manifest' and target_id = 2`);
  expect(
    connection
      .query("select since_ms, untagged_since_ms from garbage_candidates where kind = 'manifest' and target_id = 2")
      .all(),
  ).toEqual([{ since_ms: 9, untagged_since_ms: null }]);
  await db.destroy();
});

test("a history of tags of before is there, with what hangs on it, and takes retention as a cause", async () => {
  const before = await DatabaseAsOf.open("0016-quiet-upkeep");
  const { db, connection } = before;
  connection.run(`insert into repositories (id, name, created_at_ms) values (1, 'team/app', 1)`);
  const add = (id: number, cause: string) =>
    connection.run(
      `insert into tag_history (id, repository_id, tag, from_digest, at_ms, cause, actor) values (?, 1, 'v1', 'sha256:a', 9, ?, 'ann')`,
      [id, cause],
    );
  add(3, "expiry");
  expect(() => add(4, "retention")).toThrow("CHECK");
  const hanging = () =>
    connection
      .query("select type, name, sql from sqlite_schema where tbl_name = 'tag_history' and type <> 'table'")
      .all();
  const were = hanging();
  expect(were).toHaveLength(3);
  await before.migrateToLatest();
  add(4, "retention");
  expect(hanging()).toEqual(expect.arrayContaining(were));
  const rows = connection.query("select id, tag, from_digest, at_ms, cause, actor, reason from tag_history").values();
  expect(rows).toEqual([
    [3, "v1", "sha256:a", 9, "expiry", "ann", null],
    [4, "v1", "sha256:a", 9, "retention", "ann", null],
  ]);
  connection.run("delete from repositories");
  expect(connection.query("select * from tag_history").all()).toEqual([]);
  await db.destroy();
});

test("what was renamed before has its name since then", async () => {
  const before = await DatabaseAsOf.open("0016-quiet-upkeep");
  const { db, connection } = before;
  connection.run(`insert into repositories (id, name, created_at_ms) values (1, 'team/app', 1), (2, 'team/new', 1)`);
  connection.run(`insert into repository_moves values ('a', 2, 5, 9, null), ('b', 2, 7, 9, null)`);
  await before.migrateToLatest();
  const arrivals = [await findRepositoryArrival(db, 1), await findRepositoryArrival(db, 2)];
  expect(arrivals.map((arrival) => arrival?.namedAtMs)).toEqual([0, 7]);
  await db.destroy();
});

test("usage of before was of downloads that were not cut, as far as anybody knows", async () => {
  const before = await DatabaseAsOf.open("0017-causes-in-history");
  const { db, connection } = before;
  connection.run(`insert into usage (day, repository, principal, pulls, pushes, received_bytes, sent_bytes)
    values ('2026-11-21', 'team/app', '', 1, 0, 0, 10)`);
  await before.migrateToLatest();
  expect(connection.query("select sent_bytes, cut_bytes from usage").all()).toEqual([{ sent_bytes: 10, cut_bytes: 0 }]);
  await db.destroy();
});
