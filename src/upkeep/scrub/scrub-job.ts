import { countLostBlobs, findScrub, type MetadataDatabase } from "../../metadata/index.ts";
import type { Registry } from "../../registry/index.ts";
import { type Log, type Schedule, startSchedule } from "../../runtime/index.ts";
import { describeFinding, type Finding } from "./finding.ts";
import { scrub, type ScrubState } from "./scrub.ts";
import { ScrubBusyError } from "./scrub-turn.ts";

/** `storage.maintenance.scrub` of the configuration. */
export interface ScrubbingOptions {
  readonly enabled: boolean;
  /** From the end of a scrub, whoever made it, to the start of the next. */
  readonly intervalMs: number;
  /** 0 is as fast as it goes. */
  readonly bytesPerSecond: number;
}

export interface ScrubbingParts {
  readonly registry: Registry;
  readonly log: Log;
  /** From 0 to below 1, so that replicas do not all begin at once. */
  readonly randomPart: number;
  readonly counts: ScrubCounts;
}

/** What scrubs of this process saw since its start, for its metrics. */
export interface ScrubCounts {
  blobs: number;
  bytes: number;
  /** Blobs and manifests that were found damaged or missing. */
  damages: number;
}

/** How often to look whether a scrub is due: it may be that of an operator that was interrupted, or ended just now. */
const LONGEST_WAIT_MS = 3_600_000;

/** Scrubs now and then until it is stopped; never, if that is switched off or the registry is read-only. */
export function startScrubbing(parts: ScrubbingParts, options: ScrubbingOptions): Schedule {
  const { registry, log, randomPart } = parts;
  if (!options.enabled || registry.options.readOnly) return { stop: () => Promise.resolve() };
  const waitMs = Math.min(options.intervalMs, LONGEST_WAIT_MS);
  return startSchedule({
    firstAfterMs: randomPart * waitMs,
    intervalMs: waitMs,
    run: async (signal) => {
      if (await isDue(registry, options.intervalMs)) await runScrub(parts, options, signal);
    },
    onError: (error) => {
      if (error instanceof ScrubBusyError) log.info("no scrub now", { reason: error.message });
      else log.error("the scrub broke off; the next one goes on from there", { error });
    },
  });
}

async function isDue({ metadata, clock }: Registry, intervalMs: number): Promise<boolean> {
  const last = await findScrub(metadata.reads);
  return !last || last.finishedAtMs === null || clock.nowMs() - last.finishedAtMs >= intervalMs;
}

async function runScrub(parts: ScrubbingParts, options: ScrubbingOptions, signal: AbortSignal): Promise<void> {
  const { registry, log, counts } = parts;
  const counter = new Counter(counts);
  const onFinding = (finding: Finding) => {
    counter.countFinding(finding);
    const { level, message, fields } = describeFinding(finding);
    log[level](message, fields);
  };
  const { bytesPerSecond } = options;
  const onProgress = (state: ScrubState) => counter.countProgress(state);
  const outcome = await scrub({ registry, bytesPerSecond, signal, onFinding, onProgress });
  const { tally, durationMs, isResumed } = outcome;
  const message = outcome.isFinished ? "scrubbed all content" : "the scrub was interrupted; the next one goes on";
  log.info(message, { ...tally, isResumed, durationMs });
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
