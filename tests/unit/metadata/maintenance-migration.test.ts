import { afterEach, beforeEach, expect, test } from "bun:test";
import { sql } from "kysely";
import {
  beginDescription,
  findDescription,
  findSwitch,
  forgetDescribed,
  isDescriptionBehind,
  listGoneManifests,
  listUndescribed,
  putDescribedUpTo,
  putSwitch,
  putTagChangesDescribed,
  type Queries,
  recordDescribed,
} from "../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../src/oci/index.ts";
import { DatabaseAsOf } from "../../support/database-as-of.ts";
import { imageIndex } from "../../support/oci-content.ts";

const image = imageIndex([]);
const repository = "team/app" as RepositoryName;
const stored = { id: 7, repositoryId: 1, digest: image.digest };
const described = { repository, repositoryId: 1, digest: image.digest };

let before: DatabaseAsOf;
let db: Queries;

/** A registry as it was before anything was described or switched. */
beforeEach(async () => {
  before = await DatabaseAsOf.open("0011-in-use");
  db = before.db;
  await sql`insert into repositories (id, name, created_at_ms) values (1, ${repository}, 1000)`.execute(db);
  await sql`insert into manifests (id, repository_id, digest, media_type, size_bytes, created_at_ms, body)
    values (7, 1, ${image.digest}, 'application/vnd.oci.image.index.v1+json', 3, 1000, ${image.bytes})`.execute(db);
  await sql`insert into tag_history (id, repository_id, tag, at_ms, cause) values (3, 1, 'v1', 1, 'push')`.execute(db);
  await before.migrateToLatest();
});
afterEach(() => before.db.destroy());

test("what was there before is to be described, once somebody begins", async () => {
  expect(await findDescription(db)).toBeUndefined();
  expect(await listUndescribed(db, 10)).toEqual([]);
  await beginDescription(db, "here");
  // Tags are looked at anyway, so that changes of before need not be.
  expect(await findDescription(db)).toEqual({ place: "here", manifestId: 0, tagChangeId: 3, wholeAtMs: null });
  expect(await isDescriptionBehind(db)).toBe(true);
  expect(await putDescribedUpTo(db, { afterId: 0, rows: [stored] })).toBe(7);
  expect(await isDescriptionBehind(db)).toBe(false);
  const { digest } = imageIndex([], { other: 1 });
  for (const another of [
    { ...stored, digest },
    { ...stored, repositoryId: 2 },
  ])
    expect(await putDescribedUpTo(db, { afterId: 6, rows: [another] })).toBe(6);
});

test("numbers that are given out again count anew, and so does what was lost", async () => {
  await beginDescription(db, "here");
  await recordDescribed(db, [described], 1);
  await putDescribedUpTo(db, { afterId: 0, rows: [stored] });
  const change = { changeId: 3, repositoryId: 1, tag: "v1" as Tag };
  expect(await putTagChangesDescribed(db, { afterId: 2, rows: [change] })).toBe(3);
  expect(await putTagChangesDescribed(db, { afterId: 3, rows: [{ ...change, repositoryId: 2 }] })).toBe(3);
  await sql`update manifests set size_bytes = 0, body = x'' where id = 7`.execute(db);
  expect(await isDescriptionBehind(db)).toBe(false);
  await sql`update manifests set size_bytes = 3, body = ${image.bytes} where id = 7`.execute(db);
  expect(await findDescription(db)).toMatchObject({ manifestId: 6 });
  // Set back while what is behind it was described.
  expect(await putDescribedUpTo(db, { afterId: 7, rows: [{ ...stored, id: 8 }] })).toBe(6);
  await putDescribedUpTo(db, { afterId: 6, rows: [stored] });

  await sql`delete from manifests where id = 7`.execute(db);
  await sql`delete from tag_history`.execute(db);
  expect(await findDescription(db)).toMatchObject({ manifestId: 0, tagChangeId: 0 });
  expect(await listGoneManifests(db, 10)).toEqual([described]);
  expect(await forgetDescribed(db, described)).toBe(true);
  expect(await isDescriptionBehind(db)).toBe(false);
});

test("where nothing is described nothing is gathered", async () => {
  await sql`update repositories set name = 'moved' where id = 1`.execute(db);
  await sql`delete from repositories`.execute(db);
  expect(await listUndescribed(db, 10)).toEqual([]);
  expect(await listGoneManifests(db, 10)).toEqual([]);
});

test("a switch has one state", async () => {
  const name = { room: "registry", name: "read-only" };
  expect(await findSwitch(db, name)).toBeUndefined();
  await putSwitch(db, name, { reason: "one", actor: "anna", sinceMs: 1, untilMs: null });
  const two = { reason: null, actor: null, sinceMs: 1, untilMs: 2 };
  await putSwitch(db, name, two);
  expect(await findSwitch(db, name)).toEqual(two);
});
