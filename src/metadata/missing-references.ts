import { sql } from "kysely";
import type { Digest } from "../oci/index.ts";
import type { Queries } from "./database.ts";

/** Something that a manifest names and its repository does not have under that kind. */
export interface MissingReference {
  readonly manifest: Digest;
  readonly kind: "blob" | "manifest";
  readonly digest: Digest;
  readonly mediaType: string;
  /** Only for a missing manifest: the repository has it as a blob, as indexes that are build caches want it. */
  readonly isBlob: boolean;
}

/** What the repository's manifests name and the repository does not have, manifest by manifest. A subject need not be there. */
export async function listMissingReferences(
  queries: Queries,
  repositoryId: number,
): Promise<readonly MissingReference[]> {
  const isBlob = sql<number>`exists (select 1 from blobs b join repository_blobs rb on rb.blob_id = b.id
    where b.digest = mr.digest and rb.repository_id = ${repositoryId})`;
  const isManifest = sql<number>`exists (select 1 from manifests c
    where c.repository_id = ${repositoryId} and c.digest = mr.digest)`;
  const rows = await queries
    .selectFrom("manifests as m")
    .innerJoin("manifest_references as mr", "mr.manifest_id", "m.id")
    .select(["m.digest as manifest", "mr.kind", "mr.digest", "mr.media_type as mediaType", isBlob.as("isBlob")])
    .where("m.repository_id", "=", repositoryId)
    .where(sql<boolean>`case mr.kind when 'blob' then not ${isBlob} else not ${isManifest} end`)
    .orderBy("m.id")
    .orderBy("mr.position")
    .execute();
  return rows.map((row) => ({ ...row, isBlob: Boolean(row.isBlob) }));
}
