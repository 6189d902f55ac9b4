import {
  condemnUnneededBlobs,
  type Queries,
  recordRemovals,
  removeBlobCandidates,
  removeUnneededLinks,
  takeCandidates,
} from "../../metadata/index.ts";
import { type Collection, inStep, type Step } from "./collection.ts";

/**
 * Takes from repositories the blobs that none of their manifests names, of those that have been candidates for longest, up to
 * `limit`; and condemns those that no repository has any more. In one transaction, as pushes link and name blobs in one.
 */
export function reviewLinks(collection: Collection, limit: number): Promise<Step> {
  const { registry, run, dueMs } = collection;
  return inStep(registry, async (queries) => {
    const candidates = await takeCandidates(queries, { kind: "link", untilMs: dueMs, limit });
    if (candidates.length === 0) return NOTHING;
    // Not before its turn, which may have been long in coming: who pushes counts on all of the time from here on.
    const nowMs = registry.clock.nowMs();
    const links = await removeUnneededLinks(queries, candidates);
    const reason = "no manifest of the repository names it";
    const removals = links.map(({ digest, sizeBytes, repository }) => {
      return { kind: "link" as const, digest, sizeBytes, repository, reason, run, atMs: nowMs };
    });
    await recordRemovals(queries, removals);
    await condemn(queries, [...new Set(links.map(({ id }) => id))], nowMs);
    return { looked: candidates.length, removed: links.length, freedBytes: 0 };
  });
}

/** Condemns the blobs that no repository has, of those that have been candidates for longest, up to `limit`. */
export function reviewBlobs({ registry, dueMs }: Collection, limit: number): Promise<Step> {
  return inStep(registry, async (queries) => {
    const candidates = await takeCandidates(queries, { kind: "blob", untilMs: dueMs, limit });
    if (candidates.length === 0) return NOTHING;
    const ids = candidates.map(({ targetId }) => targetId);
    return { looked: ids.length, removed: await condemn(queries, ids, registry.clock.nowMs()), freedBytes: 0 };
  });
}

const NOTHING: Step = { looked: 0, removed: 0, freedBytes: 0 };

/** @returns how many there are */
async function condemn(queries: Queries, ids: readonly number[], nowMs: number): Promise<number> {
  const condemned = await condemnUnneededBlobs(queries, ids, nowMs);
  // They have been looked at.
  await removeBlobCandidates(
    queries,
    condemned.map(({ id }) => id),
  );
  return condemned.length;
}
