import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

/** A blob that no repository has, and whose bytes are to go. */
export interface CondemnedBlob {
  readonly id: number;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly storageKey: string;
  /** Another digest has its bytes in the same place: they stay. */
  readonly isShared: boolean;
}

export interface CondemnedBefore {
  /** Inclusive. */
  readonly condemnedUntilMs: number;
  readonly limit: number;
}

/** Those that were condemned first. What a repository has by now is not condemned any more. */
export async function listCondemnedBlobs(
  queries: Queries,
  { condemnedUntilMs, limit }: CondemnedBefore,
): Promise<readonly CondemnedBlob[]> {
  const { rows } = await sql<Omit<CondemnedBlob, "isShared"> & { isShared: number }>`
    select b.id, b.digest, b.size_bytes as sizeBytes, b.storage_key as storageKey,
      exists (select 1 from blobs o where o.storage_key = b.storage_key and o.id <> b.id
          and o.digest not like 'sha256:%')
        or (b.digest not like 'sha256:%' and exists (select 1 from blobs o where o.id <> b.id
          and o.digest = 'sha256:' || substr(b.storage_key, -69, 64))) as isShared
    from blobs b
    where b.condemned_at_ms <= ${condemnedUntilMs}
      and not exists (select 1 from repository_blobs rb where rb.blob_id = b.id)
    order by b.condemned_at_ms limit ${limit}`.execute(queries);
  return rows.map((row) => ({ ...row, isShared: row.isShared === 1 }));
}

/** To be called when the bytes are gone. */
export async function removeBlobRows(queries: Queries, ids: readonly number[]): Promise<void> {
  await sql`delete from blobs where id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
  await sql`
    delete from garbage_candidates where kind = 'blob' and repository_id = 0
      and target_id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
}

const selectCondemned = preparedQuery((queries, { digest }: { digest: Digest }) =>
  queries.selectFrom("blobs").select("id").where("digest", "=", digest).where("condemned_at_ms", "is not", null),
);

export async function isCondemned(queries: Queries, digest: Digest): Promise<boolean> {
  return (await selectCondemned(queries, { digest })).length > 0;
}

/** The blob's bytes stay; it becomes a candidate anew. */
export async function reviveBlob(queries: Queries, digest: Digest): Promise<void> {
  await queries.updateTable("blobs").set({ condemned_at_ms: null }).where("digest", "=", digest).execute();
}

/** What could not be removed is tried again later. */
export async function postponeCondemned(queries: Queries, ids: readonly number[], nowMs: number): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ condemned_at_ms: nowMs })
    .where("id", "in", ids)
    .where("condemned_at_ms", "is not", null)
    .execute();
}
