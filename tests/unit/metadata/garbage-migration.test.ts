import { expect, test } from "bun:test";
import { sql } from "kysely";
import { MIGRATION_NAMES } from "../../../src/metadata/migrations/index.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";

const LAST_WITHOUT = "0004-sealed-sign-ins";

/** A registry of before: an image that has a tag, one that has none, a blob that nothing names, and one that no repository has. */
const ROWS = [
  `insert into repositories values (1, 'one', 5), (2, 'two', 5)`,
  `insert into blobs (id, digest, size_bytes, storage_key, created_at_ms) values
    (1, 'sha256:named', 1, 'k1', 5), (2, 'sha256:unnamed', 1, 'k2', 5), (3, 'sha256:nowhere', 1, 'k3', 5)`,
  `insert into repository_blobs values (1, 1, 5), (1, 2, 5), (2, 1, 5)`,
  `insert into manifests (id, repository_id, digest, media_type, size_bytes, created_at_ms, body) values
    (1, 1, 'sha256:tagged', 't', 1, 5, x'00'), (2, 2, 'sha256:untagged', 't', 1, 5, x'00')`,
  `insert into manifest_references values (1, 0, 'blob', 'sha256:named', 't', 1), (2, 0, 'blob', 'sha256:named', 't', 1)`,
  `insert into tags values (1, 'latest', 1, 5)`,
];

test("what was there before clean-up becomes a candidate where nothing names it, and references know their repository", async () => {
  const before = await DatabaseAsOf.open(LAST_WITHOUT);
  const { db, connection } = before;
  for (const rows of ROWS) await sql.raw(rows).execute(db);
  const startedAtMs = Date.now();
  await before.migrateTo(MIGRATION_NAMES[MIGRATION_NAMES.indexOf(LAST_WITHOUT) + 1] ?? "");
  const candidates = connection
    .query<{ kind: string; repository_id: number; target_id: number; since_ms: number }, []>(
      "select kind, repository_id, target_id, since_ms from garbage_candidates order by kind",
    )
    .all();
  expect(candidates.map(({ kind, repository_id, target_id }) => [kind, repository_id, target_id])).toEqual([
    ["blob", 0, 3],
    ["link", 1, 2],
    ["manifest", 2, 2],
  ]);
  // Their window begins now.
  for (const { since_ms } of candidates) expect(since_ms).toBeGreaterThanOrEqual(startedAtMs);
  expect(connection.query("select manifest_id, repository_id from manifest_references").values()).toEqual([
    [1, 1],
    [2, 2],
  ]);
  await db.destroy();
});
