import {
  type CondemnedBlob,
  isBeingRemoved,
  listCondemnedBlobs,
  noteBeingRemoved,
  postponeCondemned,
  type Queries,
  recordRemovals,
  removeBlobRows,
} from "../../metadata/index.ts";
import { StorageError } from "../../storage/index.ts";
import { type Collection, inStep, type Step } from "./collection.ts";
import { areAllEnded, type Removal, startRemoval } from "./removal.ts";

export interface Sweep extends Step {
  /** What storage did not remove; it is tried again. */
  readonly failures: readonly StorageError[];
  /** What storage has not answered to: comes when it has, and that is on record. Never rejects. */
  readonly pending?: Promise<readonly Sweep[]> | undefined;
}

type Sweeping = Omit<Collection, "dueMs">;

/** Everybody who writes waits for so long at most. */
const PATIENCE_MS = 500;
/** How often somebody who waits for storage says that it still does. */
const RENEW_MS = 60_000;
/** How soon again if that could not be put on record. */
const RETRY_MS = 100;

/**
 * Removes blobs that were condemned long enough ago, up to `limit`: their bytes, then their rows, in one transaction. A push
 * whose transaction comes first revives the blob; one that comes later finds it gone and places it again.
 * A crash leaves rows that no repository has, which go next time. Where storage does not answer in time the transaction ends all the
 * same, and leaves on record what is being removed: nobody can have it until there is an answer.
 */
export async function sweepBlobs(collection: Sweeping, limit: number): Promise<Sweep> {
  const { registry, settleMs, patienceMs = PATIENCE_MS } = collection;
  const nowMs = registry.clock.nowMs();
  let removals: readonly Removal[] = [];
  try {
    const sweep = await inStep(registry, async (queries) => {
      const found = await listCondemnedBlobs(queries, { condemnedUntilMs: nowMs - settleMs, nowMs, limit });
      removals = found.map((blob) => startRemoval(registry.storage, blob));
      await areAllEnded(removals, patienceMs);
      return settle(queries, collection, removals);
    });
    const hanging = removals.filter(({ outcome }) => outcome === undefined);
    if (hanging.length === 0) return sweep;
    return { ...sweep, pending: Promise.all(hanging.map((removal) => finish(collection, removal, RENEW_MS))) };
  } catch (error) {
    // What storage was asked for it may still do.
    for (const removal of removals) void finish(collection, removal, RETRY_MS);
    throw error;
  }
}

/** Puts on record how far the removals came. */
async function settle(queries: Queries, { run, registry }: Sweeping, removals: readonly Removal[]): Promise<Sweep> {
  const nowMs = registry.clock.nowMs();
  const failed = removals.filter(({ outcome }) => outcome instanceof StorageError);
  const hanging = removals.filter(({ outcome }) => outcome === undefined);
  const gone = removals.filter(({ outcome }) => outcome === "gone").map(({ blob }) => blob);
  if (failed.length > 0) await postponeCondemned(queries, idsOf(failed), nowMs);
  if (hanging.length > 0) await noteBeingRemoved(queries, idsOf(hanging), nowMs);
  await removeRows(queries, gone, { run, nowMs });
  const freed = gone.filter(({ isShared }) => !isShared);
  const freedBytes = freed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const failures = failed.map(({ outcome }) => outcome).filter((outcome) => outcome instanceof StorageError);
  return { looked: gone.length, removed: gone.length, freedBytes, failures };
}

/** Waits for storage, and keeps on record that it does. What cannot be put on record at the end, another run does again. */
async function finish(collection: Sweeping, removal: Removal, firstMs: number): Promise<Sweep> {
  const { registry } = collection;
  const onRecord = (work: (queries: Queries) => Promise<Sweep>) => inStep(registry, work).catch(() => NOTHING);
  for (let waitMs = firstMs; !(await areAllEnded([removal], waitMs));) {
    const isNoted = await onRecord(async (queries) => settle(queries, collection, [removal]));
    waitMs = isNoted === NOTHING ? RETRY_MS : RENEW_MS;
  }
  return onRecord(async (queries) =>
    (await isBeingRemoved(queries, removal.blob)) ? settle(queries, collection, [removal]) : NOTHING,
  );
}

const NOTHING: Sweep = { looked: 0, removed: 0, freedBytes: 0, failures: [] };

async function removeRows(
  queries: Queries,
  blobs: readonly CondemnedBlob[],
  { run, nowMs }: { readonly run: string; readonly nowMs: number },
): Promise<void> {
  if (blobs.length === 0) return;
  await removeBlobRows(
    queries,
    blobs.map(({ id }) => id),
  );
  const removals = blobs.map(({ digest, sizeBytes, isShared }) => {
    const reason = isShared ? "no repository has it; another digest has the same bytes" : "no repository has it";
    return { kind: "blob" as const, digest, sizeBytes, repository: null, reason, run, atMs: nowMs };
  });
  await recordRemovals(queries, removals);
}

function idsOf(removals: readonly Removal[]): readonly number[] {
  return removals.map(({ blob }) => blob.id);
}
