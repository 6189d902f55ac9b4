import { sql } from "kysely";
import type { Digest } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { NamePage } from "./page.ts";

/**
 * The digests of manifests of a repository that no other one of it names, in byte order. Who deletes these, and then looks again from the
 * beginning, deletes indexes before what they name.
 */
export async function listOuterManifests(
  queries: Queries,
  repositoryId: number,
  { after, limit }: NamePage,
): Promise<readonly Digest[]> {
  const { rows } = await sql<{ digest: Digest }>`
    select m.digest from manifests m
    where m.repository_id = ${repositoryId} and m.digest > ${after} and not exists (
      select 1 from manifest_references r
      where r.digest = m.digest and r.repository_id = m.repository_id and r.kind = 'manifest')
    order by m.digest limit ${limit}`.execute(queries);
  return rows.map(({ digest }) => digest);
}

/** The digests of all manifests of a repository, in byte order. */
export async function listManifestDigests(
  queries: Queries,
  repositoryId: number,
  { after, limit }: NamePage,
): Promise<readonly Digest[]> {
  const { rows } = await sql<{ digest: Digest }>`
    select digest from manifests where repository_id = ${repositoryId} and digest > ${after}
    order by digest limit ${limit}`.execute(queries);
  return rows.map(({ digest }) => digest);
}

/** When a manifest that is there was pushed, or a tag that points at it was put there, whichever was last. */
export async function findLastPush(queries: Queries, manifestId: number): Promise<number> {
  const { rows } = await sql<{ atMs: number }>`
    select max(m.created_at_ms, coalesce((select max(updated_at_ms) from tags t where t.manifest_id = m.id), 0)) as atMs
    from manifests m where m.id = ${manifestId}`.execute(queries);
  return rows[0]?.atMs ?? 0;
}
