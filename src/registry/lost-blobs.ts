import {
  type StoredBlob,
  clearBlobLoss,
  isLossBySize,
  type LossReason,
  MetadataError,
  type Queries,
  recordBlobLoss,
} from "../metadata/index.ts";
import type { Soon } from "../runtime/index.ts";
import type { Registry } from "./registry.ts";
import { keyOf } from "./storage-keys.ts";

/**
 * Whether bytes that were found lost still are: somebody may have put them back. To a client that asks, a lost blob is not
 * there, so that it pushes it again.
 */
export function isLost(registry: Registry, blob: StoredBlob): Soon<boolean> {
  return blob.lostReason === null ? false : isStillLost(registry, blob);
}

async function isStillLost(registry: Registry, blob: StoredBlob): Promise<boolean> {
  if (!mayBeBack(registry, blob) || !(await isBack(registry, blob))) return true;
  await noteFound(registry, blob);
  return false;
}

/** Whether a look at storage can end the loss. To read a large blob takes too long: a scrub does, where its size tells nothing. */
export function mayBeBack({ smallBlobs }: Registry, blob: StoredBlob): boolean {
  return blob.lostReason === null || isLossBySize(blob.lostReason) || smallBlobs.isSmall(blob);
}

async function isBack({ storage, smallBlobs }: Registry, blob: StoredBlob): Promise<boolean> {
  if (smallBlobs.isSmall(blob)) return (await smallBlobs.read(storage, blob).catch(() => undefined)) !== undefined;
  return (await storage.stat(keyOf(blob)))?.sizeBytes === blob.sizeBytes;
}

/** Puts on record that a blob has other bytes than it should have. */
export async function noteDamaged(registry: Registry, blob: StoredBlob): Promise<void> {
  const stored = await registry.storage.stat(keyOf(blob));
  await noteLost(registry, blob, stored?.sizeBytes === blob.sizeBytes ? "wrong-digest" : "wrong-size");
}

/** Puts a loss on record, for all processes and restarts. */
export async function noteLost(registry: Registry, blob: StoredBlob, reason: LossReason): Promise<void> {
  if (blob.lostReason !== null) return;
  const loss = { digest: blob.digest, storageKey: blob.storageKey, reason, nowMs: registry.clock.nowMs() };
  await tryToRecord(registry, (queries) => recordBlobLoss(queries, loss));
}

/** Takes from the record a loss that is over. */
export async function noteFound(registry: Registry, { digest, lostReason }: StoredBlob): Promise<void> {
  if (lostReason === null) return;
  await tryToRecord(registry, (queries) => clearBlobLoss(queries, digest, lostReason));
}

/** Where the database cannot be written either, the loss is the failure to tell; it is found again. */
async function tryToRecord({ metadata }: Registry, work: (queries: Queries) => Promise<unknown>): Promise<void> {
  try {
    await metadata.transaction(work);
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
  }
}
