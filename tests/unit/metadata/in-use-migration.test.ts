import { afterEach, beforeEach, expect, test } from "bun:test";
import { sql } from "kysely";
import { putClusterReport, type Queries, removeCluster, takeCandidates } from "../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../src/oci/index.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";
import { imageIndex } from "../../support/oci-content.ts";

const image = imageIndex([]);
const repository = "team/app" as RepositoryName;

let before: DatabaseAsOf;
let db: Queries;

/** A registry with one manifest that clean-up has judged, before clusters said anything. */
beforeEach(async () => {
  before = await DatabaseAsOf.open("0009-usage");
  db = before.db;
  await sql`insert into repositories (id, name, created_at_ms) values (1, ${repository}, 1000)`.execute(db);
  await sql`insert into manifests (id, repository_id, digest, media_type, size_bytes, created_at_ms, body)
    values (7, 1, ${image.digest}, 'application/vnd.oci.image.index.v1+json', 3, 1000, ${image.bytes})`.execute(db);
  await takeCandidates(db, { kind: "manifest", untilMs: Number.MAX_SAFE_INTEGER, limit: 10 });
  await before.migrateToLatest();
});
afterEach(() => before.db.destroy());

const candidates = async () => {
  const found = await takeCandidates(db, { kind: "manifest", untilMs: Number.MAX_SAFE_INTEGER, limit: 10 });
  return found.map(({ targetId, isOrphan }) => [targetId, isOrphan]);
};
const report = (digests: readonly (typeof image.digest)[]) =>
  putClusterReport(db, {
    cluster: "eu-1",
    images: digests.map((digest) => ({ repository, digest })),
    nowMs: 2000,
    holdsUntilMs: 3000,
  });

test("what was there before can be held, and is looked at once it is not any more", async () => {
  expect(await report([image.digest])).toEqual({ added: 1, removed: 0 });
  expect(await candidates()).toEqual([]);
  expect(await report([])).toEqual({ added: 0, removed: 1 });
  expect(await candidates()).toEqual([[7, false]]);
  await report([image.digest]);
  expect(await removeCluster(db, "eu-1")).toBe(true);
  expect(await candidates()).toEqual([[7, false]]);
});

test("what has lost its index stays an orphan when its lease ends", async () => {
  await report([image.digest]);
  await sql`insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    values ('manifest', 1, 7, 1, 1)`.execute(db);
  await report([]);
  expect(await candidates()).toEqual([[7, true]]);
});
