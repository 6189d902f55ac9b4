import type { RepositoryName } from "../../oci/index.ts";
import {
  expireTags,
  iterateJudgedRepositories,
  type JudgedRepository,
  judgeRepository,
  readExpiryLabels,
  type Registry,
  type TagVerdict,
} from "../../registry/index.ts";
import { pause } from "../../runtime/index.ts";

export interface RetentionRun {
  readonly registry: Pick<Registry, "metadata" | "storage" | "clock" | "options">;
  /** On record with everything that it removes. */
  readonly run: string;
  /** Ends the run early, in an orderly way. */
  readonly signal: AbortSignal;
  /** Says what would go, and removes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Hears of each tag that goes, when it has gone. */
  readonly onExpired?: ((repository: RepositoryName, verdict: TagVerdict) => void) | undefined;
  /** How much of the time others have the database for themselves, for each part that the run has it: 0 is as fast as it goes. */
  readonly restFactor?: number | undefined;
}

/** What a run did so far. */
export interface RetentionTally {
  readonly repositories: number;
  /** Tags that were judged. */
  readonly judged: number;
  /** Tags that went. */
  readonly expired: number;
  /** Repositories in which so much changed meanwhile that the rest is left to the next run. */
  readonly postponed: number;
}

/** So that a step takes a millisecond or two: every push waits for it. */
const TAGS_AT_ONCE = 25;
const LABELS_AT_ONCE = 25;
const REST_FACTOR = 1;
/** How often a repository is judged again because something changed meanwhile. */
const MOST_ATTEMPTS = 10;

/**
 * Removes the tags that no rule of their nodes keeps, and those that have expired, while the registry serves. What a tag was judged by is
 * looked at again in the transaction that removes it.
 * @throws MetadataError, StorageError
 */
export async function applyRetention(run: RetentionRun): Promise<RetentionTally> {
  const { registry, signal } = run;
  // What was pushed since the last run may say itself how long it lasts.
  if (!registry.options.readOnly)
    while (!signal.aborted && (await readExpiryLabels(registry, LABELS_AT_ONCE)) > 0) await rest(run, 1);
  const tally = { repositories: 0, judged: 0, expired: 0, postponed: 0 };
  for await (const repository of iterateJudgedRepositories(registry.metadata.reads, registry.clock.nowMs())) {
    if (signal.aborted) break;
    const { isThere, judged, expired, isDone } = await applyToRepository(run, repository);
    if (isThere) tally.repositories++;
    tally.judged += judged;
    tally.expired += expired;
    if (!isDone && !signal.aborted) tally.postponed++;
    await new Promise(setImmediate);
  }
  return tally;
}

async function applyToRepository(run: RetentionRun, repository: RepositoryName) {
  const { metadata, clock } = run.registry;
  let [isThere, judged, expired] = [false, 0, 0];
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const found = await judgeRepository(metadata.reads, { repository, nowMs: clock.nowMs() });
    isThere ||= found !== undefined;
    judged = Math.max(judged, found?.verdicts.length ?? 0);
    const outcome = found ? await carryOut(run, found) : { expired: 0, isDone: true };
    expired += outcome.expired;
    if (outcome.isDone || run.signal.aborted) return { isThere, judged, expired, isDone: outcome.isDone };
  }
  return { isThere, judged, expired, isDone: false };
}

/** @returns `isDone`: nothing is left to do, as nothing has changed meanwhile */
async function carryOut(run: RetentionRun, found: JudgedRepository): Promise<{ expired: number; isDone: boolean }> {
  const { registry, signal, dryRun = false, onExpired } = run;
  const going = found.verdicts.filter(({ isKept }) => !isKept);
  let judged: JudgedRepository | undefined = found;
  let expired = 0;
  for (let from = 0; from < going.length; from += TAGS_AT_ONCE) {
    if (signal.aborted) return { expired, isDone: false };
    const startedAtMs = registry.clock.nowMs();
    const doomed = going.slice(from, from + TAGS_AT_ONCE);
    if (!dryRun) judged = await expireTags(registry, { judged, doomed, run: run.run });
    if (!judged) return { expired, isDone: false };
    for (const verdict of doomed) onExpired?.(found.repository, verdict);
    expired += doomed.length;
    if (!dryRun) await rest(run, registry.clock.nowMs() - startedAtMs);
  }
  return { expired, isDone: true };
}

async function rest({ signal, restFactor = REST_FACTOR }: RetentionRun, workedMs: number): Promise<void> {
  if (restFactor > 0) await pause(workedMs * restFactor, signal);
  else await new Promise(setImmediate);
}
