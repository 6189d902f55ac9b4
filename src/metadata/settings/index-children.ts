import { sql } from "kysely";
import { DOCKER_MANIFEST_LIST, OCI_IMAGE_INDEX, type Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/** That an index names a manifest. */
export interface IndexChild {
  readonly index: Digest;
  readonly child: Digest;
}

/** What those of the digests name that are indexes of the repository, and what the indexes among these name in turn; each once. */
export async function listIndexChildren(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<readonly IndexChild[]> {
  // What is no index is left by its media type: nobody goes through the layers of an image for it. Cross joins keep SQLite to this order.
  const children = sql`
    cross join manifests m on m.repository_id = ${repositoryId} and m.digest = p.digest
      and m.media_type in (${OCI_IMAGE_INDEX}, ${DOCKER_MANIFEST_LIST})
    cross join manifest_references mr on mr.manifest_id = m.id`;
  const { rows } = await sql<IndexChild>`
    with recursive named ("index", digest) as (
      select m.digest, mr.digest from (select value as digest from json_each(${JSON.stringify(digests)})) p ${children}
      union select m.digest, mr.digest from named p ${children})
    select "index", digest as child from named`.execute(queries);
  return rows;
}
