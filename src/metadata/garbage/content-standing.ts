import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { LossReason } from "../schema.ts";

/** What is on record of a blob, wherever it is. */
export interface BlobStanding {
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  readonly lostReason: LossReason | null;
  readonly condemnedAtMs: number | null;
  /** Since when it waits to be judged; `null`: nothing has changed since it was. */
  readonly candidateSinceMs: number | null;
}

/** That a repository has a blob. */
export interface LinkStanding {
  readonly repository: RepositoryName;
  readonly linkedAtMs: number;
  readonly candidateSinceMs: number | null;
  /** The first manifests there that name it, and how many do. */
  readonly namedBy: readonly Digest[];
  readonly namedByCount: number;
}

export interface ManifestStanding {
  readonly id: number;
  readonly candidateSinceMs: number | null;
  /** Since when it is one in truth, if it had to wait longer than others. */
  readonly untaggedSinceMs: number | null;
  readonly isOrphan: boolean;
}

export async function findBlobStanding(queries: Queries, digest: Digest): Promise<BlobStanding | undefined> {
  return queries
    .selectFrom("blobs as b")
    .leftJoin("garbage_candidates as c", (join) =>
      join.onRef("c.target_id", "=", "b.id").on("c.kind", "=", "blob").on("c.repository_id", "=", 0),
    )
    .select([
      "b.size_bytes as sizeBytes",
      "b.created_at_ms as createdAtMs",
      "b.lost_reason as lostReason",
      "b.condemned_at_ms as condemnedAtMs",
      "c.since_ms as candidateSinceMs",
    ])
    .where("b.digest", "=", digest)
    .executeTakeFirst();
}

const MOST_NAMED = 5;

/** The first repositories that have the blob, in the order of their names. */
export async function listLinkStandings(
  queries: Queries,
  digest: Digest,
  limit: number,
): Promise<readonly LinkStanding[]> {
  const { rows } = await sql<Omit<LinkStanding, "namedBy"> & { namedBy: string }>`
    select r.name as repository, rb.linked_at_ms as linkedAtMs, c.since_ms as candidateSinceMs,
      (select json_group_array(digest) from (select m.digest from manifest_references mr
        join manifests m on m.id = mr.manifest_id
        where mr.digest = b.digest and mr.repository_id = r.id order by m.id desc limit ${MOST_NAMED})) as namedBy,
      (select count(*) from manifest_references mr
        where mr.digest = b.digest and mr.repository_id = r.id) as namedByCount
    from blobs b
    join repository_blobs rb on rb.blob_id = b.id
    join repositories r on r.id = rb.repository_id
    left join garbage_candidates c on c.kind = 'link' and c.repository_id = r.id and c.target_id = b.id
    where b.digest = ${digest} order by r.name limit ${limit}`.execute(queries);
  return rows.map((row) => ({ ...row, namedBy: JSON.parse(row.namedBy) as Digest[] }));
}

/** Of the manifest in the first repositories that have it. */
export async function listManifestStandings(
  queries: Queries,
  digest: Digest,
  limit: number,
): Promise<readonly ManifestStanding[]> {
  // From the repositories on: with their numbers the index is one look for each, without them it is read whole.
  const { rows } = await sql<Omit<ManifestStanding, "isOrphan"> & { isOrphan: number | null }>`
    select m.id, c.since_ms as candidateSinceMs, c.untagged_since_ms as untaggedSinceMs, c.is_orphan as isOrphan
    from repositories r
    cross join manifests m on m.repository_id = r.id and m.digest = ${digest}
    left join garbage_candidates c on c.kind = 'manifest' and c.repository_id = r.id and c.target_id = m.id
    order by r.name limit ${limit}`.execute(queries);
  return rows.map((row) => ({ ...row, isOrphan: row.isOrphan === 1 }));
}
