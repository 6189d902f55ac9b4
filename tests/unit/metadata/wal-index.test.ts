import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openConnection } from "../../../src/metadata/sqlite/bun-sqlite.ts";
import { WalIndex } from "../../../src/metadata/sqlite/wal-index.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-wal-index-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("tells of each commit once, also after the log was emptied", () => {
  const path = join(folder, "a.db");
  const [reader, writer] = [openConnection(path), openConnection(path)];
  writer.run("create table t (a integer)");
  const index = new WalIndex(path);
  expect([index.hasChanged(), index.hasChanged()]).toEqual([true, false]);
  for (const emptyFirst of [false, true, true]) {
    if (emptyFirst) writer.run("pragma wal_checkpoint(truncate)");
    index.hasChanged();
    writer.run("insert into t values (1)");
    expect([index.hasChanged(), index.hasChanged()]).toEqual([true, false]);
  }
  writer.run("begin");
  writer.run("insert into t values (1)");
  reader.query("select a from t").all();
  expect(index.hasChanged()).toBe(false);
  writer.run("rollback");
  expect(index.hasChanged()).toBe(false);
  reader.close();
  writer.close();
});

test("tells of what a process did that was killed in the middle of it", async () => {
  const path = join(folder, "b.db");
  const connection = openConnection(path);
  connection.run("create table t (a integer)");
  const index = new WalIndex(path);
  index.hasChanged();
  const script = `const { Database } = require("bun:sqlite");
    const database = new Database(${JSON.stringify(path)});
    database.run("insert into t values (7)");
    database.run("begin immediate");
    database.run("insert into t values (8)");
    process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
  expect(index.hasChanged()).toBe(true);
  expect(connection.query("select a from t").values()).toEqual([[7]]);
  connection.run("insert into t values (9)");
  expect(index.hasChanged()).toBe(true);
  connection.close();
});
