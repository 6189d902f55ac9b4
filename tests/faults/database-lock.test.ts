import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";

import { ensureRepository, listAllRepositories, MetadataError, openSqlite } from "../../src/metadata/index.ts";
import type { RepositoryName } from "../../src/oci/index.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const app = "app" as RepositoryName;

async function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof MetadataError ? error.reason : String(error)),
  );
}

test("all that waited too long for another process fail together, and the next one is written when it has ended", async () => {
  const path = join(makeTemporaryFolder("lock"), "berth.db");
  const db = await openSqlite(path);
  const other = new Database(path);
  other.run("begin immediate");
  const writings = [1, 2, 3].map((now) => reasonOf(db.transaction((queries) => ensureRepository(queries, app, now))));
  expect(await Promise.all(writings)).toEqual(["unavailable", "unavailable", "unavailable"]);
  other.run("rollback");
  await db.transaction((queries) => ensureRepository(queries, app, 1));
  expect(await listAllRepositories(db.reads, { after: "", limit: 9 })).toEqual([app]);
  other.close();
  await db.close();
}, 12_000);
