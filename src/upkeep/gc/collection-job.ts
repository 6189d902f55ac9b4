import { z } from "zod";
import { defineWork, type JobKind, type JobProgress, type JobTurn, type JobWork } from "../../jobs/index.ts";
import { countBacklog, countDueCandidates, type GarbageBacklog, type MetadataDatabase } from "../../metadata/index.ts";
import { type Registry, SETTLE_MS } from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { toJobSchedule, type WhenOptions } from "../when.ts";
import { beginCollection, type CollectionRules } from "./begin-collection.ts";
import { collectGarbage, type GarbageCollection, type GarbageTally } from "./collect-garbage.ts";

export type { GarbageBacklog };

/** `storage.maintenance.gc` of the configuration. */
export type CollectionOptions = WhenOptions & CollectionRules;

export interface CollectionParts {
  readonly registry: Registry;
  readonly log: Log;
  readonly counts: CollectionCounts;
  readonly stopwatchMs?: GarbageCollection["stopwatchMs"];
  /** Instead of the usual time between finding a blob unneeded and removing its bytes; for tests. */
  readonly settleMs?: number;
}

/** What runs of this process did since its start, for its metrics. */
export type CollectionCounts = { -readonly [Name in keyof GarbageTally]: number };

export const NOTHING_COLLECTED: GarbageTally = {
  candidates: 0,
  manifests: 0,
  links: 0,
  blobs: 0,
  freedBytes: 0,
  failed: 0,
};

const NAMES = Object.keys(NOTHING_COLLECTED) as (keyof GarbageTally)[];

const collectionInput = z.strictObject({
  windowSeconds: z
    .int()
    .min(0)
    .optional()
    .describe("How long what nothing names any more stays; default: as configured."),
  deleteUntagged: z.boolean().optional().describe("Manifests without a tag go as well, whatever is configured."),
});
type CollectionInput = z.output<typeof collectionInput>;

export const COLLECTION_JOB: JobKind<CollectionInput> = {
  name: "gc",
  about: "Removes what no tag, no manifest and no repository names any more.",
  input: collectionInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** Clean-up, when it is configured or asked for. */
export function collectionWork(parts: CollectionParts, options: CollectionOptions): JobWork {
  return defineWork({
    kind: COLLECTION_JOB,
    schedule: toJobSchedule(options),
    run: (turn: JobTurn<CollectionInput>) => runCollection(parts, options, turn),
    isUneventful: ({ manifests, links, blobs, failed }) => manifests + links + blobs + failed === 0,
  });
}

async function runCollection(
  { registry, log, counts, stopwatchMs, settleMs = SETTLE_MS }: CollectionParts,
  options: CollectionOptions,
  turn: JobTurn<CollectionInput>,
): Promise<GarbageTally> {
  const { windowSeconds, deleteUntagged = false } = turn.input;
  const windowMs = windowSeconds === undefined ? undefined : windowSeconds * 1000;
  // Removals can be explained by the job that made them.
  const run = `job ${turn.id}`;
  const rules = await beginCollection(registry, options, { windowMs, deleteUntagged, signal: turn.signal });
  const told = new ToldTally(
    turn,
    await countDueCandidates(registry.metadata.reads, registry.clock.nowMs() - rules.windowMs),
  );
  const ended = await collectGarbage({
    ...rules,
    registry,
    run,
    settleMs,
    stopwatchMs,
    signal: turn.signal,
    onProgress: (tally) => told.tell(tally, counts),
    onFailure: (error) => log.warn("bytes that nobody needs were not removed; a later run tries again", { error }),
  });
  turn.signal.throwIfAborted();
  const { manifests, links, blobs, failed } = ended;
  if (manifests + links + blobs + failed > 0) log.info("cleaned up", { run, ...ended });
  else log.debug("nothing to clean up", { run, candidates: ended.candidates });
  return told.tally;
}

/** Adds what an attempt tells to what those before it did, and to the counts of this process. */
class ToldTally {
  tally: GarbageTally;
  readonly #turn: JobTurn<CollectionInput>;
  readonly #before: GarbageTally;
  readonly #dueAtStart: number;
  #counted: GarbageTally = NOTHING_COLLECTED;

  constructor(turn: JobTurn<CollectionInput>, due: number) {
    this.#turn = turn;
    this.#before = this.tally = readTally(turn.progress);
    this.#dueAtStart = this.#before.candidates + due;
    this.#report();
  }

  tell(tally: GarbageTally, counts: CollectionCounts): void {
    const sum: Record<keyof GarbageTally, number> = { ...this.#before };
    for (const name of NAMES) {
      counts[name] += tally[name] - this.#counted[name];
      sum[name] += tally[name];
    }
    this.#counted = tally;
    this.tally = sum;
    this.#report();
  }

  #report(): void {
    const { candidates: done } = this.tally;
    // What a removed manifest leaves behind is judged in the same run.
    const total = Math.max(done, this.#dueAtStart);
    this.#turn.report({ done, total, unit: "candidate", detail: { ...this.tally } });
  }
}

function readTally(progress: JobProgress | undefined): GarbageTally {
  const tally: Record<keyof GarbageTally, number> = { ...NOTHING_COLLECTED };
  for (const name of NAMES) tally[name] = Number(progress?.detail?.[name] ?? 0);
  return tally;
}

/** How much waits for clean-up, whatever process does it. */
export function getGarbageBacklog({ reads }: MetadataDatabase): Promise<GarbageBacklog> {
  return countBacklog(reads);
}
