import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { Candidate } from "./candidates.ts";

export interface UnneededBlob {
  readonly id: number;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface UnneededLink extends UnneededBlob {
  readonly repository: RepositoryName;
}

/**
 * Takes from repositories the blobs among `candidates` that none of their manifests names: not one in the bin either, nor perhaps one that
 * could not be imported. @returns them
 */
export async function removeUnneededLinks(
  queries: Queries,
  candidates: readonly Pick<Candidate, "repositoryId" | "targetId">[],
): Promise<readonly UnneededLink[]> {
  const pairs = JSON.stringify(candidates.map(({ repositoryId, targetId }) => [repositoryId, targetId]));
  const { rows } = await sql<UnneededLink & { repositoryId: number }>`
    select b.id, b.digest, b.size_bytes as sizeBytes, r.name as repository, r.id as repositoryId
    from json_each(${pairs}) c
    join repository_blobs rb on rb.repository_id = c.value ->> 0 and rb.blob_id = c.value ->> 1
    join repositories r on r.id = rb.repository_id
    join blobs b on b.id = rb.blob_id
    where not r.is_partly_imported
      and not exists (
      select 1 from manifest_references mr where mr.digest = b.digest and mr.repository_id = rb.repository_id)
      and not exists (
      select 1 from bin_references br where br.digest = b.digest and br.repository_id = rb.repository_id)`.execute(
    queries,
  );
  const unneeded = JSON.stringify(rows.map(({ repositoryId, id }) => [repositoryId, id]));
  await sql`
    delete from repository_blobs
    where (repository_id, blob_id) in (select c.value ->> 0, c.value ->> 1 from json_each(${unneeded}) c)`.execute(
    queries,
  );
  return rows.map(({ id, digest, sizeBytes, repository }) => ({ id, digest, sizeBytes, repository }));
}

/** Condemns those of the blobs that no repository has, nor can have back from the bin, and that describe no manifest. @returns them */
export async function condemnUnneededBlobs(
  queries: Queries,
  ids: readonly number[],
  nowMs: number,
): Promise<readonly UnneededBlob[]> {
  const { rows } = await sql<UnneededBlob>`
    update blobs set condemned_at_ms = ${nowMs}
    where id in (select value from json_each(${JSON.stringify(ids)}))
      and condemned_at_ms is null
      and not exists (select 1 from repository_blobs rb where rb.blob_id = blobs.id)
      and not exists (select 1 from bin_references br where br.digest = blobs.digest and br.is_linked = 1)
      and not exists (select 1 from described_manifests d where d.digest = blobs.digest)
    returning id, digest, size_bytes as sizeBytes`.execute(queries);
  return rows;
}
