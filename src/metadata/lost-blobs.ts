import type { Digest } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { LossReason } from "./schema.ts";

export interface BlobLoss {
  readonly digest: Digest;
  /** Where the bytes were looked for. */
  readonly storageKey: string;
  readonly reason: LossReason;
  readonly nowMs: number;
}

/**
 * Whether a file of the right size ends the loss, since then somebody put the bytes back: it does not where bytes of the right
 * size were found to be wrong.
 */
export function isLossBySize(reason: LossReason): boolean {
  return reason === "missing" || reason === "wrong-size";
}

/**
 * Records that a blob's bytes are lost; what is known of wrong bytes stays known when they are gone as well.
 * @returns whether it is on record; not if there is no such blob any more, or if it is stored elsewhere meanwhile
 */
export async function recordBlobLoss(queries: Queries, loss: BlobLoss): Promise<boolean> {
  const { digest, storageKey, reason, nowMs } = loss;
  const row = await queries
    .selectFrom("blobs")
    .select(["id", "lost_reason", "lost_at_ms"])
    .where("digest", "=", digest)
    .where("storage_key", "=", storageKey)
    .executeTakeFirst();
  if (!row) return false;
  if (row.lost_reason === reason || (row.lost_reason !== null && isLossBySize(reason))) return true;
  await queries
    .updateTable("blobs")
    .set({ lost_reason: reason, lost_at_ms: row.lost_at_ms ?? nowMs })
    .where("id", "=", row.id)
    .execute();
  return true;
}

/** Records that the bytes are there again, unless another reason was recorded meanwhile. */
export async function clearBlobLoss(queries: Queries, digest: Digest, reason: LossReason): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ lost_reason: null, lost_at_ms: null })
    .where("digest", "=", digest)
    .where("lost_reason", "=", reason)
    .execute();
}

export interface FoundBlob {
  readonly digest: Digest;
  readonly storageKey: string;
  readonly sizeBytes: number;
}

/** Records that the bytes were read and are what the digest says, whatever was on record of their loss and their size. */
export async function restoreBlob(queries: Queries, { digest, storageKey, sizeBytes }: FoundBlob): Promise<void> {
  await queries
    .updateTable("blobs")
    .set({ size_bytes: sizeBytes, lost_reason: null, lost_at_ms: null })
    .where("digest", "=", digest)
    .where("storage_key", "=", storageKey)
    .execute();
}

export async function countLostBlobs(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom("blobs")
    .select(({ fn }) => fn.countAll<number | string>().as("lost"))
    .where("lost_reason", "is not", null)
    .executeTakeFirstOrThrow();
  return Number(row.lost);
}
