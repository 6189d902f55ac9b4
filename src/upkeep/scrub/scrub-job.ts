import { z } from "zod";
import {
  defineWork,
  type JobKind,
  JobPostponed,
  type JobProgress,
  type JobSchedule,
  type JobTurn,
  type JobWork,
} from "../../jobs/index.ts";
import { countLostBlobs, findScrub, type MetadataDatabase, type Queries } from "../../metadata/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { toJobSchedule, type WhenOptions } from "../when.ts";
import { describeFinding, type Finding } from "./finding.ts";
import type { ScrubTally } from "./scrub-progress.ts";
import { ScrubBusyError } from "./scrub-turn.ts";
import { scrub, type ScrubOutcome, type ScrubState } from "./scrub.ts";

/** `storage.maintenance.scrub` of the configuration. */
export interface ScrubbingOptions extends WhenOptions {
  /** 0 is as fast as it goes. */
  readonly bytesPerSecond: number;
}

export interface ScrubbingParts {
  readonly registry: Registry;
  readonly log: Log;
  readonly counts: ScrubCounts;
}

/** What scrubs of this process saw since its start, for its metrics. */
export interface ScrubCounts {
  blobs: number;
  bytes: number;
  /** Blobs and manifests that were found damaged or missing. */
  damages: number;
  /** Nodes with a quota whose counters were wrong. */
  correctedQuotas: number;
}

const scrubInput = z.strictObject({
  bytesPerSecond: z
    .int()
    .min(0)
    .optional()
    .describe("How much is read in a second; 0 is as fast as it goes; default: as configured."),
  restart: z.boolean().optional().describe("Begins anew instead of going on where a scrub was interrupted."),
});
type ScrubInput = z.output<typeof scrubInput>;

export const SCRUB_JOB: JobKind<ScrubInput> = {
  name: "scrub",
  about: "Verifies all stored content.",
  input: scrubInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** How often to look whether a scrub is due: it may be that of an operator that was interrupted, or ended just now. */
const LONGEST_WAIT_MS = 3_600_000;
/** After so long, one whose process was killed is given up. */
const BUSY_MS = 60_000;

/**
 * Scrubs, when it is configured or asked for. The queue says when; who may scrub and where the last one stopped is said by the turn
 * that `berth scrub` takes as well, which needs no registry that runs.
 */
export function scrubWork(parts: ScrubbingParts, options: ScrubbingOptions): JobWork {
  return defineWork({
    kind: SCRUB_JOB,
    schedule: scheduleOf(options),
    run: (turn: JobTurn<ScrubInput>) => runScrub(parts, options, turn),
  });
}

function scheduleOf(options: ScrubbingOptions): JobSchedule | undefined {
  const schedule = toJobSchedule(options);
  if (!schedule || "times" in schedule) return schedule;
  return {
    everyMs: schedule.everyMs,
    askEveryMs: Math.min(schedule.everyMs, LONGEST_WAIT_MS),
    isDue: async (queries, nowMs) => (await earliestScrubMs(queries, options)) <= nowMs,
  };
}

/**
 * When a scrub begins by itself at the earliest: an interval after the end of the last one, be it of `berth scrub`, and at once after one
 * that was interrupted.
 */
export async function earliestScrubMs(
  queries: Queries,
  { schedule, intervalMs }: Pick<ScrubbingOptions, "schedule" | "intervalMs">,
): Promise<number> {
  const finishedAtMs = (await findScrub(queries))?.finishedAtMs ?? null;
  return schedule !== undefined || finishedAtMs === null ? 0 : finishedAtMs + intervalMs;
}

async function runScrub(
  { registry, log, counts }: ScrubbingParts,
  options: ScrubbingOptions,
  turn: JobTurn<ScrubInput>,
): Promise<ScrubTally> {
  const { bytesPerSecond = options.bytesPerSecond, restart = false } = turn.input;
  const counter = new Counter(counts);
  let beforeBytes: number | undefined;
  const outcome = await scrubOrWait({
    registry,
    bytesPerSecond,
    // Another attempt goes on where the one before it was.
    restart: restart && turn.progress === undefined,
    signal: turn.signal,
    onFinding(finding) {
      counter.countFinding(finding);
      const { level, message, fields } = describeFinding(finding);
      log[level](message, fields);
    },
    onProgress(state) {
      counter.countProgress(state);
      beforeBytes ??= state.tally.bytes;
      turn.report(progressOf(state, beforeBytes));
    },
  });
  const { tally, durationMs, isResumed } = outcome;
  const message = outcome.isFinished ? "scrubbed all content" : "the scrub was interrupted; the next one goes on";
  log.info(message, { ...tally, isResumed, durationMs });
  if (!outcome.isFinished) throw new Error("interrupted");
  return tally;
}

async function scrubOrWait(options: Parameters<typeof scrub>[0]): Promise<ScrubOutcome> {
  try {
    return await scrub(options);
  } catch (error) {
    throw error instanceof ScrubBusyError ? new JobPostponed(error.message, BUSY_MS) : error;
  }
}

/** Of the bytes, as they are what takes long. @param beforeBytes what an earlier run has read */
function progressOf({ tally, readBytes, contents }: ScrubState, beforeBytes: number): JobProgress {
  const total = contents.blobBytes;
  // What is damaged is read twice.
  return { done: Math.min(beforeBytes + readBytes, total), total, unit: "byte", detail: { ...tally } };
}

/** Adds what one run tells as sums. */
class Counter {
  readonly #counts: ScrubCounts;
  #last: { readonly blobs: number; readonly bytes: number } | undefined;

  constructor(counts: ScrubCounts) {
    this.#counts = counts;
  }

  countFinding({ kind }: Finding): void {
    if (kind === "lost-blob" || kind === "damaged-manifest") this.#counts.damages += 1;
    if (kind === "wrong-quota") this.#counts.correctedQuotas += 1;
  }

  countProgress({ tally, readBytes }: ScrubState): void {
    // A run that goes on where another was interrupted begins with what that one saw.
    const last = this.#last ?? { blobs: tally.blobs, bytes: 0 };
    this.#counts.blobs += tally.blobs - last.blobs;
    this.#counts.bytes += readBytes - last.bytes;
    this.#last = { blobs: tally.blobs, bytes: readBytes };
  }
}

/** What the database knows of scrubs, whatever process made them. */
export interface ScrubStanding {
  readonly lostBlobs: number;
  /** When the last one that came to its end did; `undefined` if none did, or one runs now. */
  readonly finishedAtMs: number | undefined;
}

export async function getScrubStanding({ reads }: MetadataDatabase): Promise<ScrubStanding> {
  const [lostBlobs, last] = [await countLostBlobs(reads), await findScrub(reads)];
  return { lostBlobs, finishedAtMs: last?.finishedAtMs ?? undefined };
}
