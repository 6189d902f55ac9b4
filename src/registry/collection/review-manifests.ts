import {
  type Candidate,
  postponeManifests,
  recordRemovals,
  type Removal,
  recordTagRemovals,
  removeManifestRows,
  takeCandidates,
  withoutNewWait,
} from "../../metadata/index.ts";
import { type Collection, inStep, type Step } from "./collection.ts";
import { type Candidacy, judge, type Judgement, type ManifestKeeper } from "./judge-manifests.ts";

/** Judges the manifests that have been candidates for longest, up to `limit`, in one transaction. */
export function reviewManifests(collection: Collection, limit: number): Promise<Step> {
  const { registry, dueMs } = collection;
  return inStep(registry, async (queries) => {
    const candidates = await takeCandidates(queries, { kind: "manifest", untilMs: dueMs, limit });
    if (candidates.length === 0) return NOTHING;
    const byId = new Map(candidates.map((candidate) => [candidate.targetId, candidate]));
    const nowMs = registry.clock.nowMs();
    const judgements = await judge(queries, [...byId.keys()], {
      untagged: collection.untagged,
      nowMs,
      candidacyOf: (id) => candidacyOf(byId.get(id), nowMs),
    });
    const doomed = judgements.filter(({ keeper }) => !keeper);
    const sinceMs = candidates.at(-1)?.sinceMs ?? nowMs;
    const ids = doomed.map(({ ties }) => ties.id);
    await recordTagRemovals(queries, ids, { cause: "clean-up", nowMs, by: NOBODY });
    await withoutNewWait(queries, sinceMs, () => removeManifestRows(queries, ids));
    await postponeManifests(
      queries,
      judgements.flatMap(
        postponedOf(byId, { windowMs: Math.max(nowMs - dueMs, collection.usualWindowMs ?? 0), nowMs }),
      ),
    );
    await recordRemovals(queries, doomed.map(removalOf(byId, { run: collection.run, nowMs })));
    return { looked: candidates.length, removed: doomed.length, freedBytes: 0 };
  });
}

const NOBODY = { actor: undefined, address: undefined };
const NOTHING: Step = { looked: 0, removed: 0, freedBytes: 0 };

type Candidates = ReadonlyMap<number, Candidate>;

function candidacyOf(candidate: Candidate | undefined, nowMs: number): Candidacy {
  if (!candidate) return { isOrphan: false, sinceMs: nowMs };
  return { isOrphan: candidate.isOrphan, sinceMs: candidate.untaggedSinceMs ?? candidate.sinceMs };
}

/** So that what is kept for good is not forgotten to be an orphan when that is taken back. */
const LOOKED_AT_AGAIN_MS = 30 * 86_400_000;

/** What is too young, or held for a time, is judged again when that may be over, by the run with the longest window: which is
 * `windowMs` after the time that it then has. To a run with a shorter one it is due before, and postponed again.
 */
function postponedOf(
  candidates: Candidates,
  { windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: number },
) {
  return ({ ties, keeper }: Judgement) => {
    const candidate = candidates.get(ties.id);
    if (!candidate || !keeper || !isPostponed(keeper, candidate)) return [];
    const untaggedSinceMs = candidate.untaggedSinceMs ?? candidate.sinceMs;
    const untilMs = ("untilMs" in keeper ? keeper.untilMs : null) ?? nowMs + LOOKED_AT_AGAIN_MS;
    return [{ ...candidate, sinceMs: untilMs - windowMs, untaggedSinceMs }];
  };
}

/** Where a repository is protected no more, its manifests without a tag are candidates again, but nobody knows the orphans among them. */
function isPostponed({ kind }: ManifestKeeper, { isOrphan }: Candidate): boolean {
  return POSTPONED.has(kind) || (kind === "protected" && isOrphan);
}

const POSTPONED: ReadonlySet<ManifestKeeper["kind"]> = new Set(["untagged-age", "in-use", "kept"]);

function removalOf(candidates: Candidates, { run, nowMs }: { readonly run: string; readonly nowMs: number }) {
  return ({ ties: { id, digest, repository, sizeBytes } }: Judgement): Removal => {
    const isOrphan = candidates.get(id)?.isOrphan ?? false;
    const reason = isOrphan
      ? "what it belonged to was deleted, or its last tag expired"
      : "no tag and no index names it";
    return { kind: "manifest", digest, repository, sizeBytes, reason, run, atMs: nowMs };
  };
}
