import type { RepositoryName } from "../../oci/index.ts";
import {
  expireTags,
  iterateJudgedRepositories,
  type JudgedRepository,
  judgeRepository,
  readExpiryLabels,
  type Registry,
  type TagVerdict,
  unwatchTags,
  watchTags,
} from "../../registry/index.ts";
import { restSince } from "../rest.ts";

export interface RetentionRun {
  readonly registry: Pick<Registry, "metadata" | "storage" | "clock" | "newId" | "options">;
  /** On record with everything that it removes. */
  readonly run: string;
  /** Ends the run early, in an orderly way. */
  readonly signal: AbortSignal;
  /** Puts on record the pulls that this process knows of and has not put there yet. */
  readonly recordPulls?: (() => Promise<void>) | undefined;
  /** Says what would go, and removes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Hears of each tag that goes, when it has gone. */
  readonly onExpired?: ((repository: RepositoryName, verdict: TagVerdict) => void) | undefined;
  /** Hears of each repository when all of its tags were judged. */
  readonly onProgress?: ((tally: RetentionTally) => void) | undefined;
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
  if (!registry.options.readOnly) await readLabels(run);
  const tally = { repositories: 0, judged: 0, expired: 0, postponed: 0 };
  for await (const repository of iterateJudgedRepositories(registry.metadata.reads, registry.clock.nowMs())) {
    if (signal.aborted) break;
    const { isThere, judged, expired, isDone } = await applyToRepository(run, repository);
    if (isThere) tally.repositories++;
    tally.judged += judged;
    tally.expired += expired;
    if (!isDone && !signal.aborted) tally.postponed++;
    run.onProgress?.(tally);
    await new Promise(setImmediate);
  }
  return tally;
}

async function readLabels({ registry, signal, restFactor: factor }: RetentionRun): Promise<void> {
  const { clock } = registry;
  for (let startedAtMs = clock.nowMs(); !signal.aborted; startedAtMs = clock.nowMs()) {
    if ((await readExpiryLabels(registry, LABELS_AT_ONCE)) === 0) return;
    await restSince(startedAtMs, { clock, signal, factor });
  }
}

interface RepositoryTally {
  readonly isThere: boolean;
  readonly judged: number;
  readonly expired: number;
  /** Nothing is left to do. */
  readonly isDone: boolean;
}

async function applyToRepository(run: RetentionRun, repository: RepositoryName): Promise<RepositoryTally> {
  const { registry, dryRun = false } = run;
  const found = await judge(run, repository);
  if (!found) return { isThere: false, judged: 0, expired: 0, isDone: true };
  const judged = found.verdicts.length;
  const going = goingOf(found);
  if (going.length === 0) return { isThere: true, judged, expired: 0, isDone: true };
  if (dryRun) {
    for (const verdict of going) run.onExpired?.(repository, verdict);
    return { isThere: true, judged, expired: going.length, isDone: true };
  }
  // Its own, as a job whose process was given up may still be at it when another goes on with it.
  const watch = { repositoryId: found.repositoryId, run: registry.newId() };
  try {
    return { isThere: true, judged, ...(await expire(run, repository, watch)) };
  } finally {
    await unwatchTags(registry, watch);
  }
}

function judge({ registry: { metadata, clock } }: RetentionRun, repository: RepositoryName) {
  return judgeRepository(metadata.reads, { repository, nowMs: clock.nowMs() });
}

function goingOf({ verdicts }: JudgedRepository): readonly TagVerdict[] {
  return verdicts.filter(({ isKept }) => !isKept);
}

/** Judges the repository under watch, and again when something has changed. */
async function expire(run: RetentionRun, repository: RepositoryName, watch: Parameters<typeof watchTags>[1]) {
  let expired = 0;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    await run.recordPulls?.();
    if (attempt > 0) await readLabels(run);
    await watchTags(run.registry, watch);
    const found = await judge(run, repository);
    const outcome = found ? await carryOut(run, found, watch.run) : { expired: 0, isDone: true };
    expired += outcome.expired;
    if (outcome.isDone || run.signal.aborted) return { expired, isDone: outcome.isDone };
  }
  return { expired, isDone: false };
}

/** @returns `isDone`: nothing is left to do, as nothing has changed meanwhile */
async function carryOut(
  run: RetentionRun,
  judged: JudgedRepository,
  watcher: string,
): Promise<{ expired: number; isDone: boolean }> {
  const { registry, signal, onExpired } = run;
  // An index goes before its images: if something keeps it at the last moment, none of them has gone yet.
  const going = goingOf(judged).toSorted((a, b) => Number(b.isIndex) - Number(a.isIndex));
  for (let from = 0; from < going.length; from += TAGS_AT_ONCE) {
    if (signal.aborted) return { expired: from, isDone: false };
    const startedAtMs = registry.clock.nowMs();
    const doomed = going.slice(from, from + TAGS_AT_ONCE);
    await run.recordPulls?.();
    if (!(await expireTags(registry, { judged, doomed, run: run.run, watcher })))
      return { expired: from, isDone: false };
    for (const verdict of doomed) onExpired?.(judged.repository, verdict);
    await restSince(startedAtMs, { clock: registry.clock, signal, factor: run.restFactor });
  }
  return { expired: going.length, isDone: true };
}
