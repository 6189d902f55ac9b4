import { afterEach, beforeEach, expect, test } from "bun:test";
import { sql } from "kysely";
import {
  findManifestId,
  findTag,
  findTagChangesAround,
  type Queries,
  putManifestIntoBin,
  recordTagRemovals,
  removeBinEntries,
  removeManifest,
  takeCandidates,
} from "../../../src/metadata/index.ts";
import type { Tag } from "../../../src/oci/index.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";
import { nobody } from "../../support/nobody.ts";
import { contentOf, imageManifest } from "../../support/oci-content.ts";

const config = contentOf("{}");
const image = imageManifest({ config, layers: [] });
const prod = "prod" as Tag;

let before: DatabaseAsOf;
let db: Queries;

/** A registry with one image that was pushed at 1000 milliseconds, before there was a history. */
beforeEach(async () => {
  before = await DatabaseAsOf.open("0005-garbage");
  db = before.db;
  await sql`insert into repositories (id, name, created_at_ms) values (1, 'team/app', 1000)`.execute(db);
  await sql`insert into blobs (id, digest, size_bytes, storage_key, created_at_ms)
    values (1, ${config.digest}, 2, 'key', 1000)`.execute(db);
  await sql`insert into repository_blobs values (1, 1, 1000)`.execute(db);
  await sql`insert into manifests (id, repository_id, digest, media_type, size_bytes, created_at_ms, body)
    values (1, 1, ${image.digest}, 'application/vnd.oci.image.manifest.v1+json', 3, 1000, ${image.bytes})`.execute(db);
  await sql`insert into manifest_references (manifest_id, repository_id, position, kind, digest, media_type, size_bytes)
    values (1, 1, 0, 'blob', ${config.digest}, 'x/y', 2)`.execute(db);
  await sql`insert into tags values (1, ${prod}, 1, 1000)`.execute(db);
  await sql`delete from garbage_candidates`.execute(db);
  await before.migrateToLatest();
});
afterEach(() => before.db.destroy());

test("tags of before are there, and the first change says what was before it", async () => {
  expect(await findTag(db, 1, prod)).toEqual({ manifestId: 1, digest: image.digest, updatedAtMs: 1000 });
  await recordTagRemovals(db, [1], { cause: "delete", nowMs: 5000, by: nobody });
  const { before, after } = await findTagChangesAround(db, { repositoryId: 1, tag: prod }, 1000);
  expect(before).toBeUndefined();
  expect(after).toMatchObject({ digest: null, fromDigest: image.digest, fromSinceMs: 1000, atMs: 5000 });
});

test("manifests of before go into the bin, and what it kept becomes a candidate when they leave it", async () => {
  const manifestId = (await findManifestId(db, 1, image.digest)) ?? 0;
  const entry = await putManifestIntoBin(db, manifestId, { nowMs: 1, expiresAtMs: 2, by: nobody });
  await removeManifest(db, 1, image.digest);
  await sql`delete from garbage_candidates`.execute(db);
  await removeBinEntries(db, [entry ?? 0]);
  const due = { untilMs: Number.MAX_SAFE_INTEGER, limit: 9 };
  expect(await takeCandidates(db, { kind: "link", ...due })).toMatchObject([{ repositoryId: 1, targetId: 1 }]);
  expect(await takeCandidates(db, { kind: "blob", ...due })).toMatchObject([{ repositoryId: 0, targetId: 1 }]);
});
