import { type RawBuilder, sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/**
 * Whether an entry of the bin names a blob that is younger than `sinceMs`, itself or by what it names: then it was not there at that time.
 * @param entry the alias of its row
 */
function namesYounger(entry: string, sinceMs: number): RawBuilder<boolean> {
  const e = sql.raw(entry);
  return sql<boolean>`exists (
    with recursive named (digest) as (
      select digest from bin_references where entry_id = ${e}.id
      union select br.digest from named n
        join bin_entries c on c.repository_id = ${e}.repository_id and c.digest = n.digest and c.kind = 'manifest'
        join bin_references br on br.entry_id = c.id
      union select mr.digest from named n
        join manifests m on m.repository_id = ${e}.repository_id and m.digest = n.digest
        join manifest_references mr on mr.manifest_id = m.id)
    select 1 from named join blobs b on b.digest = named.digest and b.created_at_ms > ${sinceMs})`;
}

/**
 * The numbers of manifests that were there at a time, as far as is known, and were deleted after it; the newest first. Those that were
 * pushed again since are not among them.
 */
export async function listManifestsDeletedSince(
  queries: Queries,
  sinceMs: number,
  { beforeId, limit }: { readonly beforeId: number; readonly limit: number },
): Promise<readonly number[]> {
  const { rows } = await sql<{ id: number }>`
    select e.id from bin_entries e join repositories r on r.id = e.repository_id
    where e.id < ${beforeId} and e.kind = 'manifest' and e.deleted_at_ms > ${sinceMs} and r.created_at_ms <= ${sinceMs}
      and not exists (
        select 1 from manifests m where m.repository_id = e.repository_id and m.digest = e.digest and m.size_bytes > 0)
      and not ${namesYounger("e", sinceMs)}
    order by e.id desc limit ${limit}`.execute(queries);
  return rows.map(({ id }) => id);
}

export interface YoungManifests {
  readonly repositoryId: number;
  /** All that the repository has are: it is so young itself. */
  readonly isAll: boolean;
  readonly sinceMs: number;
  /** Those that were put there then are not meant. */
  readonly exceptMs: number;
  /** Known to have been there before. */
  readonly known: readonly Digest[];
}

/**
 * Manifests that came after a time and that no tag and no manifest of the repository names, in the order of their numbers. What was deleted after the time
 * and came again was there before, unless it names what is younger.
 */
export async function listManifestsSince(
  queries: Queries,
  { repositoryId, isAll, sinceMs, exceptMs, known }: YoungManifests,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly { readonly manifestId: number; readonly digest: Digest }[]> {
  const { rows } = await sql<{ manifestId: number; digest: Digest }>`
    select m.id as manifestId, m.digest from manifests m
    where m.repository_id = ${repositoryId} and m.id > ${afterId}
      and not exists (select 1 from tags t where t.manifest_id = m.id)
      and not exists (
        select 1 from manifest_references r
        where r.digest = m.digest and r.repository_id = m.repository_id and r.kind = 'manifest')
      and (${isAll ? 1 : 0} or m.created_at_ms > ${sinceMs} and m.created_at_ms <> ${exceptMs}
        and m.digest not in (select value from json_each(${JSON.stringify(known)}))
        and not exists (
          select 1 from bin_entries e
          where e.repository_id = m.repository_id and e.digest = m.digest and e.kind = 'manifest'
            and e.deleted_at_ms > ${sinceMs} and not ${namesYounger("e", sinceMs)}))
    order by m.id limit ${limit}`.execute(queries);
  return rows;
}

/** What people had back from the bin after a time, as far as the audit trail tells: it looks as if it had come only then. */
export async function listRestoredSince(
  queries: Queries,
  sinceMs: number,
): Promise<readonly { readonly repository: RepositoryName; readonly digest: Digest }[]> {
  const { rows } = await sql<{ repository: RepositoryName; digest: Digest }>`
    select distinct target as repository, detail ->> '$.digest' as digest from audit
    where act = 'bin.restore' and at_ms > ${sinceMs}`.execute(queries);
  return rows;
}

/** Manifests that were put there at one moment, and name what their repository does not have. */
export async function listIncompleteOf(
  queries: Queries,
  { repositoryId, createdAtMs }: { readonly repositoryId: number; readonly createdAtMs: number },
): Promise<readonly Digest[]> {
  const { rows } = await sql<{ digest: Digest }>`
    select m.digest from manifests m
    where m.repository_id = ${repositoryId} and m.created_at_ms = ${createdAtMs} and exists (
      select 1 from manifest_references mr where mr.manifest_id = m.id
        and mr.media_type not like '%nondistributable%' and mr.media_type not like '%foreign%'
        and not exists (
          select 1 from blobs b join repository_blobs rb on rb.blob_id = b.id
          where b.digest = mr.digest and rb.repository_id = m.repository_id and b.lost_reason is null)
        and not exists (
          select 1 from manifests c where c.repository_id = m.repository_id and c.digest = mr.digest and c.size_bytes > 0))
    order by m.id`.execute(queries);
  return rows.map(({ digest }) => digest);
}

/** From the bin, the deletes after a time of a tag that is there again as it was. */
export async function removeTagDeletions(
  queries: Queries,
  { repositoryId, tag, digest, sinceMs }: TagDeletions,
): Promise<void> {
  await sql`
    delete from bin_entries where repository_id = ${repositoryId} and digest = ${digest} and kind = 'tag'
      and deleted_at_ms > ${sinceMs} and id in (select entry_id from bin_tags where name = ${tag})`.execute(queries);
}

export interface TagDeletions {
  readonly repositoryId: number;
  readonly tag: string;
  readonly digest: Digest;
  readonly sinceMs: number;
}
