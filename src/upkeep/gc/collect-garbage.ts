import { pruneRemovals } from "../../metadata/index.ts";
import {
  type Collection,
  expireBin,
  reviewBlobs,
  reviewLinks,
  reviewManifests,
  type Step,
  type Sweep,
  sweepBlobs,
} from "../../registry/index.ts";
import { pause } from "../../runtime/index.ts";
import type { StorageError } from "../../storage/index.ts";
import { type StepAim, StepPace } from "./step-pace.ts";

export interface GarbageCollection extends Omit<Collection, "dueMs"> {
  /** What has lost the last that named it stays this long. */
  readonly windowMs: number;
  /** Ends the run early, in an orderly way. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((tally: GarbageTally) => void) | undefined;
  /** Hears of bytes that storage did not remove; they are tried again later. */
  readonly onFailure?: ((error: StorageError) => void) | undefined;
  /** How much of the time others have the database for themselves, for each part that the run has it: 0 is as fast as it goes. */
  readonly restFactor?: number | undefined;
  /** Milliseconds, with parts of them; default: the clock of the registry. */
  readonly stopwatchMs?: (() => number) | undefined;
}

/** What a run did so far. */
export interface GarbageTally {
  /** Candidates that were judged. */
  readonly candidates: number;
  /** Manifests that nothing kept. */
  readonly manifests: number;
  /** Blobs taken from a repository none of whose manifests names them. */
  readonly links: number;
  /** Blobs that are gone, with their bytes. */
  readonly blobs: number;
  readonly freedBytes: number;
  /** Blobs whose bytes storage did not remove. */
  readonly failed: number;
}

/** Every push, and on this thread every request, waits for a step; for what storage does only those who write. */
const STEP = {
  bin: { aimMs: 1, least: 5, most: 20 },
  manifests: { aimMs: 1, least: 4, most: 20 },
  links: { aimMs: 1, least: 10, most: 50 },
  blobs: { aimMs: 1, least: 10, most: 50 },
  sweep: { aimMs: 3, least: 6, most: 8 },
} as const;
const REST_FACTOR = 2;
/** What was removed can be explained for so long. */
const REMEMBERED_MS = 90 * 86_400_000;
const PRUNED_AT_ONCE = 500;

/**
 * Removes what nothing names any more, while the registry serves: judges what has become a candidate long enough before the run's start,
 * and removes bytes some time after nobody was found to need them, for which it waits.
 * @throws MetadataError
 */
export async function collectGarbage(collection: GarbageCollection): Promise<GarbageTally> {
  const run = new GarbageRun(collection);
  await run.toTheEnd();
  return run.tally;
}

class GarbageRun {
  tally: GarbageTally = { candidates: 0, manifests: 0, links: 0, blobs: 0, freedBytes: 0, failed: 0 };
  readonly #collection: GarbageCollection;
  readonly #pace: StepPace;

  constructor(collection: GarbageCollection) {
    this.#collection = collection;
    const { registry, restFactor = REST_FACTOR, stopwatchMs = () => registry.clock.nowMs() } = collection;
    this.#pace = new StepPace({ stopwatchMs, restFactor });
  }

  async toTheEnd(): Promise<void> {
    const { registry, windowMs, settleMs, signal } = this.#collection;
    // What becomes a candidate while it runs is for the next run, or this one might never end.
    const due = { ...this.#collection, dueMs: registry.clock.nowMs() - windowMs };
    await this.#expireBin();
    // What a removed manifest leaves behind is judged in the same run: manifests before blobs.
    await this.#repeat(STEP.manifests, (size) => reviewManifests(due, size), "manifests");
    await this.#repeat(STEP.links, (size) => reviewLinks(due, size), "links");
    const condemned = await this.#repeat(STEP.blobs, (size) => reviewBlobs(due, size), undefined);
    await this.#sweep();
    const hasCondemned = condemned + this.tally.links > 0;
    if (hasCondemned && (await pause(settleMs, signal))) await this.#sweep();
    await this.#forgetOldRemovals();
  }

  /** What leaves the bin is not judged here: what it has kept becomes a candidate. */
  async #expireBin(): Promise<void> {
    const { signal } = this.#collection;
    const expire = (size: number) => expireBin(this.#collection, size);
    while (!signal.aborted && (await this.#pace.take(STEP.bin, expire, signal)).looked > 0);
  }

  async #sweep(): Promise<void> {
    const step = async (size: number) => {
      const { pending, ...sweep } = await sweepBlobs(this.#collection, size);
      // Storage that does not answer is not asked for more.
      const sweeps = [sweep, ...(pending ? await this.#unlessAborted(pending) : [])];
      for (const failure of sweeps.flatMap(({ failures }) => failures)) this.#fail(failure);
      const sum = (name: keyof Step) => sweeps.reduce((total, each) => total + each[name], 0);
      return { looked: sum("looked"), removed: sum("removed"), freedBytes: sum("freedBytes") };
    };
    await this.#repeat(STEP.sweep, step, "blobs");
  }

  #fail(failure: StorageError): void {
    this.#collection.onFailure?.(failure);
    this.#add({ failed: 1 });
  }

  /** What storage does after that is put on record all the same. */
  async #unlessAborted(pending: Promise<readonly Sweep[]>): Promise<readonly Sweep[]> {
    const { signal } = this.#collection;
    const { promise: aborted, resolve } = Promise.withResolvers<readonly Sweep[]>();
    const stop = () => resolve([]);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const ended = await Promise.race([pending, aborted]);
    signal.removeEventListener("abort", stop);
    return ended;
  }

  /** @returns how much the steps removed */
  async #repeat(
    aim: StepAim,
    step: (size: number) => Promise<Step>,
    removes: "manifests" | "links" | "blobs" | undefined,
  ): Promise<number> {
    const { signal } = this.#collection;
    let sum = 0;
    for (let isMore = true; isMore && !signal.aborted;) {
      const { looked, removed, freedBytes } = await this.#pace.take(aim, step, signal);
      sum += removed;
      const judged = removes === "blobs" ? 0 : looked;
      this.#add({ candidates: judged, freedBytes, ...(removes && { [removes]: removed }) });
      isMore = looked > 0;
    }
    return sum;
  }

  async #forgetOldRemovals(): Promise<void> {
    const { registry, signal } = this.#collection;
    const beforeMs = registry.clock.nowMs() - REMEMBERED_MS;
    const prune = () =>
      registry.metadata.transaction((queries) => pruneRemovals(queries, beforeMs, PRUNED_AT_ONCE), { durable: false });
    while (!signal.aborted && (await prune()));
  }

  #add(more: Partial<GarbageTally>): void {
    const tally: Record<keyof GarbageTally, number> = { ...this.tally };
    for (const [name, count] of Object.entries(more)) tally[name as keyof GarbageTally] += count;
    this.tally = tally;
    this.#collection.onProgress?.(tally);
  }
}
