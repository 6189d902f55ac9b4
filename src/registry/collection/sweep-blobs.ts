import {
  type CondemnedBlob,
  listCondemnedBlobs,
  postponeCondemned,
  type Queries,
  recordRemovals,
  removeBlobRows,
} from "../../metadata/index.ts";
import { StorageError } from "../../storage/index.ts";
import { keyOf } from "../storage-keys.ts";
import { type Collection, inStep, type Step } from "./collection.ts";

export interface Sweep extends Step {
  /** What storage did not remove; it is tried again. */
  readonly failures: readonly StorageError[];
}

/**
 * Removes blobs that were condemned long enough ago, up to `limit`: their bytes, then their rows, in one transaction. A push that
 * records what it has placed comes before it, and then it is condemned no more, or after it, and finds that it has to place it anew.
 * A crash leaves rows that no repository has, which go next time.
 */
export async function sweepBlobs(collection: Omit<Collection, "dueMs">, limit: number): Promise<Sweep> {
  const { registry, settleMs } = collection;
  const nowMs = registry.clock.nowMs();
  return inStep(registry, async (queries) => {
    const found = await listCondemnedBlobs(queries, { condemnedUntilMs: nowMs - settleMs, limit });
    const failures: StorageError[] = [];
    const removed = await Promise.all(found.map((blob) => removeBytes(collection, blob, failures)));
    const gone = found.filter((_, index) => removed[index]);
    const stuck = found.filter((_, index) => !removed[index]);
    if (stuck.length > 0) await postponeCondemned(queries, idsOf(stuck), nowMs);
    await removeRows(queries, gone, { run: collection.run, nowMs });
    const freed = gone.filter(({ isShared }) => !isShared);
    const freedBytes = freed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { looked: gone.length, removed: gone.length, freedBytes, failures };
  });
}

/** @returns whether there are none any more */
async function removeBytes(
  { registry: { storage } }: Pick<Collection, "registry">,
  blob: CondemnedBlob,
  failures: StorageError[],
): Promise<boolean> {
  if (blob.isShared) return true;
  try {
    await storage.remove(keyOf(blob));
    return true;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    failures.push(error);
    return false;
  }
}

async function removeRows(
  queries: Queries,
  blobs: readonly CondemnedBlob[],
  { run, nowMs }: { readonly run: string; readonly nowMs: number },
): Promise<void> {
  if (blobs.length === 0) return;
  await removeBlobRows(queries, idsOf(blobs));
  const removals = blobs.map(({ digest, sizeBytes, isShared }) => {
    const reason = isShared ? "no repository has it; another digest has the same bytes" : "no repository has it";
    return { kind: "blob" as const, digest, sizeBytes, repository: null, reason, run, atMs: nowMs };
  });
  await recordRemovals(queries, removals);
}

function idsOf(blobs: readonly CondemnedBlob[]): readonly number[] {
  return blobs.map(({ id }) => id);
}
