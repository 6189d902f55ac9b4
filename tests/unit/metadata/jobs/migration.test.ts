import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Migrator } from "kysely";
import {
  countOpenJobs,
  findScrub,
  insertJob,
  openSqlite,
  putScrub,
  type Queries,
} from "../../../../src/metadata/index.ts";
import { migrations } from "../../../../src/metadata/migrations/index.ts";
import type { Schema } from "../../../../src/metadata/schema.ts";
import { KyselyOnSqlite } from "../../../../src/metadata/sqlite/bun-sqlite.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";

const folder = makeTemporaryFolder("job-migration");
afterAll(() => removeTemporaryFolder(folder));

/** A database as it was before there were jobs. */
async function openBefore(path: string): Promise<Queries> {
  const db = new KyselyOnSqlite<Schema>(new Database(path), path);
  await new Migrator({ db, provider: migrations }).migrateTo("0005-garbage");
  return db;
}

test("a database without jobs gets them, and keeps where its scrub was", async () => {
  const path = join(folder, "berth.db");
  const before = await openBefore(path);
  const scrub = { owner: null, startedAtMs: 1, updatedAtMs: 2, finishedAtMs: null, progress: "{}" };
  await putScrub(before, scrub);
  const job = { kind: "gc", openKey: "", input: "{}", requestedBy: null, nowMs: 5 };
  const failure: unknown = await insertJob(before, job).catch((error: unknown) => error);
  expect(String(failure)).toContain("no such table: jobs");
  await before.destroy();

  const after = await openSqlite(path);
  expect(await findScrub(after.reads)).toEqual(scrub);
  await after.transaction((queries) => insertJob(queries, job));
  expect(await countOpenJobs(after.reads)).toEqual([{ kind: "gc", state: "waiting", count: 1, dueAtMs: 5 }]);
  await after.close();
});
