import { findCondemned, giveUpRemovals, type Queries, reviveBlobs } from "../../metadata/index.ts";
import { type Digest, RegistryError } from "../../oci/index.ts";
import { within } from "../../runtime/index.ts";
import type { StorageKey } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";

/** Bytes go at the earliest this long after their blob was condemned. */
export const SETTLE_MS = 10_000;

/** From here on a push looks whether what it has placed is still there. */
const LONG_MS = SETTLE_MS / 2;
/** Everybody who writes waits for that look. */
const LOOK_MS = 500;

export interface BlobPlacing<T> {
  readonly digest: Digest;
  readonly storageKey: StorageKey;
  /** Puts the bytes there, or finds them there. */
  readonly place: () => Promise<void>;
  /** Records that a repository has the blob. */
  readonly record: (queries: Queries) => Promise<T>;
}

/**
 * Bytes before rows, and clean-up takes none of them away in between: what is condemned is revived first, so that its bytes go
 * {@link SETTLE_MS} later at the earliest, and by then they have a row. Who takes longer than that looks again.
 * @throws RegistryError `unavailable` if the bytes went meanwhile, which takes ten seconds between two steps; and while storage has not
 *   answered whether it has removed what was there before
 */
export async function placeBlob<T>(
  { metadata, storage, clock }: Pick<Registry, "metadata" | "storage" | "clock">,
  { digest, storageKey, place, record }: BlobPlacing<T>,
): Promise<T> {
  const startedAtMs = clock.nowMs();
  const blob = { digest, storageKey };
  // Also what was imported under another digest, and has its bytes there.
  const { ids } = await findCondemned(metadata.reads, blob);
  if (ids.length > 0)
    await metadata.transaction(async (queries) => {
      await giveUpRemovals(queries, ids, clock.nowMs());
      await requireNotBeingRemoved(queries, blob);
      await reviveBlobs(queries, ids);
    });
  await place();
  return metadata.transaction(async (queries) => {
    const takenMs = clock.nowMs() - startedAtMs;
    // A clock that was set back tells nothing.
    if (takenMs > LONG_MS || takenMs < 0) {
      await requireNotBeingRemoved(queries, blob);
      await requireBytes(storage, blob);
    }
    return record(queries);
  });
}

type Place = Pick<BlobPlacing<unknown>, "digest" | "storageKey">;

/** What is placed now could be what storage removes. */
async function requireNotBeingRemoved(queries: Queries, blob: Place): Promise<void> {
  const { isBeingRemoved } = await findCondemned(queries, blob);
  if (!isBeingRemoved) return;
  const message = `storage is still removing ${blob.digest}, which nobody needed any more: push the blob again later`;
  throw new RegistryError("unavailable", message);
}

async function requireBytes(storage: Registry["storage"], { digest, storageKey }: Place): Promise<void> {
  const found = await within(storage.stat(storageKey), LOOK_MS).catch(() => undefined);
  if (!found) throw new RegistryError("unavailable", `storing ${digest} took too long: push the blob again`);
}
