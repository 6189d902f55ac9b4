import { sql } from "kysely";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { giveUpRemovals } from "../garbage/condemned-blobs.ts";
import type { StoredBlob } from "../hot-reads.ts";
import { findTag } from "../tags.ts";
import type { TaggedManifest } from "../repository-pages.ts";

/** A manifest of a repository. */
export interface DescribedManifest {
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** Puts on record that their bytes are about to be among the blobs: clean-up leaves them there from then on. */
export async function recordDescribed(
  queries: Queries,
  manifests: readonly DescribedManifest[],
  nowMs: number,
): Promise<void> {
  const rows = JSON.stringify(
    manifests.map(({ digest, repository, repositoryId }) => [digest, repository, repositoryId]),
  );
  await sql`
    insert into described_manifests (digest, repository, repository_id, is_gone)
    select value ->> 0, value ->> 1, value ->> 2, 0 from json_each(${rows}) where true
    on conflict (digest, repository) do update set repository_id = excluded.repository_id, is_gone = 0`.execute(
    queries,
  );
  const { rows: condemned } = await sql<{ id: number }>`
    select id from blobs where condemned_at_ms is not null
      and digest in (select value ->> 0 from json_each(${rows}))`.execute(queries);
  if (condemned.length === 0) return;
  const ids = condemned.map(({ id }) => id);
  await giveUpRemovals(queries, ids, nowMs);
  await sql`
    update blobs set condemned_at_ms = null where id in (select value from json_each(${JSON.stringify(ids)}))`.execute(
    queries,
  );
}

/** A blob that a manifest names and its repository has. */
export interface NamedBlob extends StoredBlob {
  readonly manifestId: number;
}

/** Of the manifests with these numbers. */
export async function listNamedBlobs(queries: Queries, manifestIds: readonly number[]): Promise<readonly NamedBlob[]> {
  const { rows } = await sql<NamedBlob>`
    select distinct mr.manifest_id as manifestId, b.digest, b.size_bytes as sizeBytes, b.storage_key as storageKey,
      b.lost_reason as lostReason
    from json_each(${JSON.stringify(manifestIds)}) m
    join manifest_references mr on mr.manifest_id = m.value
    join blobs b on b.digest = mr.digest
    join repository_blobs rb on rb.repository_id = mr.repository_id and rb.blob_id = b.id`.execute(queries);
  return rows;
}

/** A tag that was made, moved or deleted. */
export interface ChangedTag {
  readonly changeId: number;
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly tag: Tag;
}

/** In the order of the changes behind `afterId`; a tag may be there several times. */
export async function listChangedTags(
  queries: Queries,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly ChangedTag[]> {
  return queries
    .selectFrom("tag_history as h")
    .innerJoin("repositories as r", "r.id", "h.repository_id")
    .select(["h.id as changeId", "h.repository_id as repositoryId", "r.name as repository", "h.tag"])
    .where("h.id", ">", afterId)
    .orderBy("h.id")
    .limit(limit)
    .execute();
}

/** Of the tags those that are not there any more, and when each was deleted, as far as their history says so. */
export async function findDeletedTags(
  queries: Queries,
  repositoryId: number,
  tags: readonly Tag[],
): Promise<readonly { readonly tag: Tag; readonly atMs: number }[]> {
  const { rows } = await sql<{ tag: Tag; atMs: number }>`
    select h.tag, h.at_ms as atMs from tag_history h where h.digest is null and h.id in (
      select max(id) from tag_history where repository_id = ${repositoryId}
        and tag in (select value from json_each(${JSON.stringify(tags)})) group by tag)
    and not exists (select 1 from tags t where t.repository_id = ${repositoryId} and t.name = h.tag)`.execute(queries);
  return rows;
}

/** Where a tag points now, whole. */
export async function findTaggedManifest(
  queries: Queries,
  { repositoryId, tag }: Pick<ChangedTag, "repositoryId" | "tag">,
): Promise<TaggedManifest | undefined> {
  const found = await findTag(queries, repositoryId, tag);
  if (!found) return undefined;
  const { manifestId, digest, updatedAtMs: movedAtMs } = found;
  const { mediaType, sizeBytes } = await queries
    .selectFrom("manifests")
    .select(["media_type as mediaType", "size_bytes as sizeBytes"])
    .where("id", "=", manifestId)
    .executeTakeFirstOrThrow();
  return { tag, digest, mediaType, sizeBytes, movedAtMs };
}

/** What was described and has gone, some of it. */
export async function listGoneManifests(queries: Queries, limit: number): Promise<readonly DescribedManifest[]> {
  return queries
    .selectFrom("described_manifests")
    .select(["digest", "repository", "repository_id as repositoryId"])
    .where("is_gone", "=", 1)
    .orderBy("digest")
    .limit(limit)
    .execute();
}

/** Forgets that it was described there, unless it is again. @returns whether it is nowhere any more */
export async function forgetDescribed(
  queries: Queries,
  { digest, repository }: Pick<DescribedManifest, "digest" | "repository">,
): Promise<boolean> {
  await queries
    .deleteFrom("described_manifests")
    .where("digest", "=", digest)
    .where("repository", "=", repository)
    .where("is_gone", "=", 1)
    .execute();
  const other = await queries
    .selectFrom("described_manifests")
    .select("digest")
    .where("digest", "=", digest)
    .executeTakeFirst();
  return other === undefined;
}

/** Something that may be described otherwise than it is. */
export interface Undescribed {
  readonly kind: "link" | "repository";
  readonly repository: RepositoryName;
  /** Empty for a repository. */
  readonly digest: Digest | "";
}

/**
 * Whole repositories first, and of those the ones that are there: what another name describes is described by the new one before the old one
 * ceases to.
 */
export async function listUndescribed(queries: Queries, limit: number): Promise<readonly Undescribed[]> {
  const { rows: repositories } = await sql<Undescribed>`
    select kind, repository, digest from undescribed where kind = 'repository'
    order by repository in (select name from repositories) desc limit ${limit}`.execute(queries);
  if (repositories.length > 0) return repositories;
  // There may be very many, which must not be sorted for each step.
  const { rows: links } = await sql<Undescribed>`
    select kind, repository, digest from undescribed where kind = 'link'
    order by repository, digest limit ${limit}`.execute(queries);
  return links;
}

/** To be called before it is looked at: what is entered anew from then on stays. */
export async function beginUndescribed(queries: Queries, one: Undescribed): Promise<void> {
  await sql`update undescribed set is_under_way = 1 where ${is(one)}`.execute(queries);
}

/** To be called when all of it was done. */
export async function removeUndescribed(queries: Queries, one: Undescribed): Promise<void> {
  await sql`delete from undescribed where is_under_way = 1 and ${is(one)}`.execute(queries);
}

const is = ({ kind, repository, digest }: Undescribed) =>
  sql`kind = ${kind} and repository = ${repository} and digest = ${digest}`;
