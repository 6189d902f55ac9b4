import { type BlobToName, findWholeBlobId, MetadataError, renewWait } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { Soon } from "../../runtime/index.ts";
import type { Registry } from "../registry.ts";

/** However short the window, a blob that is asked for all the time is written of only so often. */
const SOONEST_MS = 60_000;

/**
 * Gives somebody who is told that a blob is there half the window at least to name it. Nothing is written unless that blob waits to be
 * judged, and has waited for the other half.
 * @returns whether it is there still
 */
export function renewStay(registry: Registry, repository: RepositoryName, blob: BlobToName): Soon<boolean> {
  const { readOnly, garbageWindowMs } = registry.options;
  const beforeMs = registry.clock.nowMs() - Math.max(garbageWindowMs / 2, SOONEST_MS);
  if (blob.candidateSinceMs === null || blob.candidateSinceMs >= beforeMs || readOnly) return true;
  return renew(registry, repository, { blob, beforeMs });
}

async function renew(
  { metadata, clock }: Registry,
  repository: RepositoryName,
  { blob: { digest }, beforeMs }: { readonly blob: BlobToName; readonly beforeMs: number },
): Promise<boolean> {
  try {
    return await metadata.transaction(
      async (queries) => {
        await renewWait(queries, { repository, digest, beforeMs, nowMs: clock.nowMs() });
        // It may have gone since it was looked at.
        return (await findWholeBlobId(queries, repository, digest)) !== undefined;
      },
      { durable: false },
    );
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    // It is there. A database that takes nothing loses nothing either.
    return true;
  }
}
