import { sql } from "kysely";
import { stretchBelow } from "../access/namespace-names.ts";
import type { Queries } from "../database.ts";

/** What of a repository is counted at once. */
export interface CountedRepository {
  readonly id: number;
  readonly name: string;
  readonly tags: number;
  readonly manifests: number;
}

/** Of the node and all below it, in byte order behind `after`; from the first on, if that is `""`. */
export async function countRepositories(
  queries: Queries,
  node: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly CountedRepository[]> {
  const { rows } = await sql<CountedRepository>`
    select r.id, r.name, (select count(*) from tags t where t.repository_id = r.id) as tags,
      (select count(*) from manifests m where m.repository_id = r.id) as manifests
    from repositories r where ${isIn(node)} and r.name > ${after} order by r.name limit ${limit}`.execute(queries);
  return rows;
}

export interface SizedBlob {
  readonly blobId: number;
  readonly sizeBytes: number;
}

/** The next blobs of a repository, in the order of their numbers. */
export async function listSizedBlobs(
  queries: Queries,
  repositoryId: number,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly SizedBlob[]> {
  const { rows } = await sql<SizedBlob>`
    select b.id as blobId, b.size_bytes as sizeBytes from repository_blobs rb
    cross join blobs b on b.id = rb.blob_id
    where rb.repository_id = ${repositoryId} and rb.blob_id > ${afterId} order by rb.blob_id limit ${limit}`.execute(
    queries,
  );
  return rows;
}

/** Those of the blobs that a repository elsewhere has, too. */
export async function findBlobsElsewhere(
  queries: Queries,
  node: string,
  blobIds: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await sql<{ id: number }>`
    select j.value as id from json_each(${JSON.stringify(blobIds)}) j where exists (
      select 1 from repository_blobs rb cross join repositories r on r.id = rb.repository_id
      where rb.blob_id = j.value and not ${isIn(node)})`.execute(queries);
  return rows.map(({ id }) => id);
}

/** Whether the repository `r` of a query is the node or below it. */
export function isIn(node: string) {
  const { after, before } = stretchBelow(node);
  return sql`(r.name = ${node} or (r.name > ${after} and r.name < ${before}))`;
}
