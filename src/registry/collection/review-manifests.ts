import {
  findManifestTies,
  findPresentManifests,
  type ManifestTies,
  type Queries,
  recordRemovals,
  removeManifestRows,
  takeCandidates,
  withoutNewWait,
} from "../../metadata/index.ts";
import { type Digest, subjectOfTag, type Tag } from "../../oci/index.ts";
import { type Collection, inStep, type Step, type UntaggedRule } from "./collection.ts";

/** Why a manifest stays. */
export type ManifestKeeper =
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "index"; readonly digest: Digest }
  | { readonly kind: "subject"; readonly digest: Digest }
  /** Nothing names it; untagged manifests of its repository stay. */
  | { readonly kind: "untagged-rule" };

export interface Judgement {
  readonly ties: ManifestTies;
  /** `undefined`: it goes. */
  readonly keeper: ManifestKeeper | undefined;
}

/** What to judge a manifest by, beside its ties. */
interface Circumstances {
  /** The index that it belonged to, or its subject, was deleted. */
  readonly isOrphan: boolean;
  readonly untagged: UntaggedRule;
  readonly isThere: (subject: Digest) => boolean;
}

/**
 * What keeps a manifest: a tag, an index that names it, a subject. Those that were made for another one live and die with it;
 * a tag that says no more than what it is attached to keeps for as long as that is there.
 */
export function keeperOf(
  ties: ManifestTies,
  { isOrphan, untagged, isThere }: Circumstances,
): ManifestKeeper | undefined {
  const tag = ties.tags.find((name) => {
    const subject = isOrphan ? subjectOfTag(name) : undefined;
    return subject === undefined || isThere(subject);
  });
  if (tag !== undefined) return { kind: "tag", tag };
  if (ties.parent !== null) return { kind: "index", digest: ties.parent };
  if (ties.subject !== null && ties.hasSubject) return { kind: "subject", digest: ties.subject };
  return isOrphan || untagged === "remove" ? undefined : { kind: "untagged-rule" };
}

/** Judges the manifests that have been candidates for longest, up to `limit`, in one transaction. */
export function reviewManifests(collection: Collection, limit: number): Promise<Step> {
  const { registry, run, dueMs } = collection;
  const nowMs = registry.clock.nowMs();
  return inStep(registry, async (queries) => {
    const candidates = await takeCandidates(queries, { kind: "manifest", untilMs: dueMs, limit });
    if (candidates.length === 0) return NOTHING;
    const orphans = new Set(candidates.filter(({ isOrphan }) => isOrphan).map(({ targetId }) => targetId));
    const ids = candidates.map(({ targetId }) => targetId);
    const doomed = (await judge(collection, queries, ids, (id) => orphans.has(id))).filter(({ keeper }) => !keeper);
    const sinceMs = candidates.at(-1)?.sinceMs ?? nowMs;
    await withoutNewWait(queries, sinceMs, () =>
      removeManifestRows(
        queries,
        doomed.map(({ ties }) => ties.id),
      ),
    );
    const removals = doomed.map(({ ties: { id, digest, repository, sizeBytes } }) => {
      const reason = orphans.has(id) ? "what it belonged to was deleted" : "no tag and no index names it";
      return { kind: "manifest" as const, digest, repository, sizeBytes, reason, run, atMs: nowMs };
    });
    await recordRemovals(queries, removals);
    return { looked: candidates.length, removed: doomed.length, freedBytes: 0 };
  });
}

const NOTHING: Step = { looked: 0, removed: 0, freedBytes: 0 };

/** What keeps each of the manifests that are there. */
export async function judge(
  { untaggedRuleOf }: Pick<Collection, "untaggedRuleOf">,
  queries: Queries,
  ids: readonly number[],
  isOrphan: (id: number) => boolean,
): Promise<readonly Judgement[]> {
  const found = await findManifestTies(queries, ids);
  const subjects = found.flatMap(({ repositoryId, tags }) =>
    tags.flatMap((tag) => {
      const subject = subjectOfTag(tag);
      return subject === undefined ? [] : [[repositoryId, subject] as const];
    }),
  );
  const present = await findPresentManifests(queries, subjects);
  return found.map((ties) => {
    const { id, repository, repositoryId } = ties;
    const isThere = (subject: Digest) => present.has(`${repositoryId} ${subject}`);
    return { ties, keeper: keeperOf(ties, { isOrphan: isOrphan(id), untagged: untaggedRuleOf(repository), isThere }) };
  });
}
