import {
  type BinEntry,
  type BinPage,
  listBinEntries,
  listExpiredBinEntries,
  recordRemovals,
  type Removal,
  removeBinEntries,
} from "../../metadata/index.ts";
import type { RegistryChange } from "../change.ts";
import type { Collection, Step } from "../collection/collection.ts";

/** Removes entries for good. What they kept is a candidate for clean-up from then on. */
export async function removeFromBin(change: RegistryChange, entries: readonly BinEntry[]): Promise<void> {
  await removeBinEntries(
    change.queries,
    entries.map(({ id }) => id),
  );
  const run = `request ${change.by.requestId ?? "without an id"}`;
  await recordRemovals(change.queries, removalsOf(entries, { run, atMs: change.nowMs, reason: EMPTIED }));
  for (const { id, repository, kind, digest } of entries)
    await change.record({ act: "bin.empty", target: repository, detail: { entry: id, kind, digest } });
}

/** Removes the newest entries for good, up to `limit`. @returns how many there were */
export async function emptyBin(change: RegistryChange, page: BinPage): Promise<number> {
  const entries = await listBinEntries(change.queries, page);
  await removeFromBin(change, entries);
  return entries.length;
}

/** Removes the entries whose time in the bin is over, up to `limit`, in one transaction. */
export function expireBin({ registry, run }: Omit<Collection, "dueMs">, limit: number): Promise<Step> {
  return registry.metadata.transaction(async (queries) => {
    const nowMs = registry.clock.nowMs();
    const entries = await listExpiredBinEntries(queries, nowMs, limit);
    if (entries.length === 0) return { looked: 0, removed: 0, freedBytes: 0 };
    await removeBinEntries(
      queries,
      entries.map(({ id }) => id),
    );
    await recordRemovals(queries, removalsOf(entries, { run, atMs: nowMs, reason: OVER }));
    return { looked: entries.length, removed: entries.length, freedBytes: 0 };
  });
}

const OVER = "it was deleted, and its time in the bin was over";
const EMPTIED = "it was deleted, and removed from the bin";

/** So that it can be explained what became of a manifest; of a tag the history tells. */
function removalsOf(entries: readonly BinEntry[], how: Pick<Removal, "run" | "atMs" | "reason">): readonly Removal[] {
  return entries
    .filter(({ kind }) => kind === "manifest")
    .map(({ digest, repository, sizeBytes }) => ({ kind: "manifest", digest, repository, sizeBytes, ...how }));
}
