import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import { removeBlobCandidates } from "./candidates.ts";

/** A blob that no repository has, and whose bytes are to go. */
export interface CondemnedBlob {
  readonly id: number;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly storageKey: string;
  /** Another digest has its bytes in the same place: they stay, or go with that. */
  readonly isShared: boolean;
}

export interface CondemnedBefore {
  /** Inclusive. */
  readonly condemnedUntilMs: number;
  readonly nowMs: number;
  readonly limit: number;
}

/** Whoever asked storage to remove bytes, and has not said for so long that it still waits for that, is not there any more. */
const GIVEN_UP_MS = 600_000;

/** Those that were condemned first. What a repository has by now is not condemned any more; what is being removed is left out. */
export async function listCondemnedBlobs(
  queries: Queries,
  { condemnedUntilMs, nowMs, limit }: CondemnedBefore,
): Promise<readonly CondemnedBlob[]> {
  const { rows } = await sql<Omit<CondemnedBlob, "isShared"> & { others: number }>`
    select b.id, b.digest, b.size_bytes as sizeBytes, b.storage_key as storageKey,
      (select count(*) from blobs o where o.storage_key = b.storage_key and o.id <> b.id
          and o.digest not like 'sha256:%')
        + (b.digest not like 'sha256:%' and exists (select 1 from blobs o where o.id <> b.id
          and o.digest = 'sha256:' || substr(b.storage_key, -69, 64))) as others
    from blobs b
    where b.condemned_at_ms <= ${condemnedUntilMs}
      and (b.removing_since_ms is null or b.removing_since_ms <= ${nowMs - GIVEN_UP_MS})
      and not exists (select 1 from repository_blobs rb where rb.blob_id = b.id)
    order by b.condemned_at_ms limit ${limit}`.execute(queries);
  const byPlace = Map.groupBy(rows, ({ storageKey }) => storageKey);
  return rows.map(({ others, ...row }) => {
    const same = byPlace.get(row.storageKey) ?? [];
    // Where all that have the bytes are condemned, the bytes go with the first of them.
    return { ...row, isShared: others >= same.length || same[0]?.id !== row.id };
  });
}

/** To be called when the bytes are gone. */
export async function removeBlobRows(queries: Queries, ids: readonly number[]): Promise<void> {
  await sql`delete from blobs where id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
  await removeBlobCandidates(queries, ids);
}

/** What is at a place in storage, or would be. */
export interface BlobPlace {
  readonly digest: Digest;
  readonly storageKey: string;
}

const IS_BEING_REMOVED = sql<number>`removing_since_ms is not null`.as("isBeingRemoved");

const selectCondemned = preparedQuery((queries, { digest, storageKey }: BlobPlace) =>
  queries
    .selectFrom("blobs")
    .select(["id", IS_BEING_REMOVED])
    .where("digest", "=", digest)
    .where("condemned_at_ms", "is not", null)
    .unionAll(
      queries
        .selectFrom("blobs")
        .select(["id", IS_BEING_REMOVED])
        .where("storage_key", "=", storageKey)
        .where(sql<boolean>`digest not like 'sha256:%'`)
        .where("condemned_at_ms", "is not", null),
    ),
);

export interface CondemnedPlace {
  readonly ids: readonly number[];
  /** Storage was asked to remove the bytes, and may still do so. */
  readonly isBeingRemoved: boolean;
}

/** The blob itself, and other digests of the same bytes. */
export async function findCondemned(queries: Queries, place: BlobPlace): Promise<CondemnedPlace> {
  const rows = await selectCondemned(queries, place);
  return { ids: rows.map(({ id }) => id), isBeingRemoved: rows.some((row) => row.isBeingRemoved === 1) };
}

/** Their bytes stay, unless they are being removed; they become candidates anew. */
export async function reviveBlobs(queries: Queries, ids: readonly number[]): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ condemned_at_ms: null })
    .where("id", "in", ids)
    .where("removing_since_ms", "is", null)
    .execute();
}

/** Whoever was removing them, and is not there any more, does not keep others from having them. */
export async function giveUpRemovals(queries: Queries, ids: readonly number[], nowMs: number): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ removing_since_ms: null })
    .where("id", "in", ids)
    .where("removing_since_ms", "<=", nowMs - GIVEN_UP_MS)
    .execute();
}

/** Puts on record that storage was asked to remove them and has not answered, or that it still has not. */
export async function noteBeingRemoved(queries: Queries, ids: readonly number[], nowMs: number): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ removing_since_ms: nowMs })
    .where("id", "in", ids)
    .where("condemned_at_ms", "is not", null)
    .execute();
}

/** Whether that is still so: nobody has taken the removal over. */
export async function isBeingRemoved(
  queries: Queries,
  { id, digest }: Pick<CondemnedBlob, "id" | "digest">,
): Promise<boolean> {
  const found = queries.selectFrom("blobs").select("id").where("id", "=", id).where("digest", "=", digest);
  return (await found.where("removing_since_ms", "is not", null).executeTakeFirst()) !== undefined;
}

/** What could not be removed is tried again later. */
export async function postponeCondemned(queries: Queries, ids: readonly number[], nowMs: number): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ condemned_at_ms: nowMs, removing_since_ms: null })
    .where("id", "in", ids)
    .where("condemned_at_ms", "is not", null)
    .execute();
}
