import {
  type StoredBlob,
  type Contents,
  countContents,
  listBlobs,
  listManifests,
  type MetadataDatabase,
} from "../../metadata/index.ts";
import type { Registry } from "../../registry/index.ts";
import { StorageError } from "../../storage/index.ts";
import { inParallel } from "../in-parallel.ts";
import { correctQuotas } from "./correct-quotas.ts";
import type { Finding } from "./finding.ts";
import type { BlobReader } from "./inspect-blob.ts";
import { ReadRate } from "./read-rate.ts";
import { type BlobOutcome, restoreIfGood, scrubBlob } from "./scrub-blob.ts";
import { scrubManifest } from "./scrub-manifest.ts";
import type { ScrubProgress, ScrubTally } from "./scrub-progress.ts";
import { ScrubTurn } from "./scrub-turn.ts";

export interface Scrub {
  readonly registry: Registry;
  /** Bytes of blobs that are read in a second; 0 is as fast as it goes. */
  readonly bytesPerSecond: number;
  /** Begins anew instead of going on where an earlier run was interrupted. */
  readonly restart?: boolean;
  /** Ends the run soon; the next one goes on from there. */
  readonly signal: AbortSignal;
  readonly onFinding: (finding: Finding) => void;
  /** Hears of every piece that was read and of everything that is done: often. */
  readonly onProgress?: (state: ScrubState) => void;
}

export interface ScrubState {
  readonly tally: ScrubTally;
  /** By this run, also of blobs that are not done, or were read twice. */
  readonly readBytes: number;
  /** What there was when the run began. */
  readonly contents: Contents;
}

export interface ScrubOutcome {
  readonly tally: ScrubTally;
  /** `false`: it was interrupted. */
  readonly isFinished: boolean;
  /** It went on where an earlier run was interrupted; `tally` counts what that run saw, too. */
  readonly isResumed: boolean;
  /** By this run. */
  readonly readBytes: number;
  readonly durationMs: number;
}

/**
 * Verifies every blob and manifest while the registry serves: bytes are read at a bounded rate and compared with their digests.
 * What is damaged or missing is put on record, reported, and moved into quarantine, so that it is served to nobody and the next
 * push restores it; what was lost and is good again is taken from the record. In the end counters of quotas are verified, too.
 * @throws ScrubBusyError if another scrub runs
 * @throws StorageError, MetadataError if nothing more can be looked at
 */
export async function scrub(options: Scrub): Promise<ScrubOutcome> {
  const { registry, restart = false } = options;
  const { metadata, clock } = registry;
  const startedAtMs = clock.nowMs();
  const contents = await countContents(metadata.reads);
  const { turn, progress } = await ScrubTurn.take({ metadata, clock, owner: registry.newId(), restart });
  const run = new ScrubRun(options, { turn, progress, contents });
  const isFinished = await run.toTheEnd();
  const { tally } = run.progress;
  const durationMs = clock.nowMs() - startedAtMs;
  return { tally, isFinished, isResumed: progress.after !== "", readBytes: run.readBytes, durationMs };
}

/** One is hashed while another is read. */
const BLOBS_AT_ONCE = 2;
const BLOB_PAGE = 200;
/** Few, as each may have 4 MiB. */
const MANIFEST_PAGE = 8;
/** As many failures in a row are no matter of single files. */
const MOST_FAILURES = 20;

interface ScrubRunParts {
  readonly turn: ScrubTurn;
  readonly progress: ScrubProgress;
  readonly contents: Contents;
}

class ScrubRun {
  progress: ScrubProgress;
  readBytes = 0;
  readonly #options: Scrub;
  readonly #turn: ScrubTurn;
  readonly #contents: Contents;
  readonly #reader: BlobReader;
  #failuresInARow = 0;

  constructor(options: Scrub, { turn, progress, contents }: ScrubRunParts) {
    this.progress = progress;
    this.#options = options;
    this.#turn = turn;
    this.#contents = contents;
    const { registry, bytesPerSecond, signal } = options;
    const { storage, hashPool, clock } = registry;
    const rate = new ReadRate({ bytesPerSecond, clock });
    this.#reader = { storage, hashPool, rate, signal, onRead: (bytes) => this.#countRead(bytes) };
  }

  /** @returns whether it came there; not if it was interrupted */
  async toTheEnd(): Promise<boolean> {
    const { signal } = this.#options;
    try {
      await this.#scrubLost();
      if (this.progress.stage === "blobs") await this.#scrubBlobs();
      await this.#scrubManifests();
      await this.#scrubQuotas();
    } catch (error) {
      // What went wrong first is what to tell.
      await this.#turn.leave(this.progress).catch(() => undefined);
      if (signal.aborted) return false;
      throw error;
    }
    await this.#turn.finish(this.progress);
    return true;
  }

  /** First, so that what somebody has put back is served soon. The rest is reported when it is its turn. */
  async #scrubLost(): Promise<void> {
    for await (const blob of iterateBlobs(this.#options.registry.metadata, { after: "", onlyLost: true })) {
      const outcome = await this.#orFailed(blob, () => restoreIfGood(this.#blobScrub(), blob));
      if (outcome === true) this.#add({ restored: 1 });
    }
  }

  async #scrubBlobs(): Promise<void> {
    const { metadata } = this.#options.registry;
    const blobs = iterateBlobs(metadata, { after: this.progress.after, onlyLost: false });
    const scrubOne = async (blob: StoredBlob) => {
      const outcome = await this.#orFailed(blob, () => scrubBlob(this.#blobScrub(), blob));
      return { blob, outcome };
    };
    for await (const { blob, outcome } of inParallel(blobs, BLOBS_AT_ONCE, scrubOne)) {
      this.#add(tallyOf(outcome, blob));
      await this.#moveOn({ stage: "blobs", after: blob.digest });
    }
    await this.#moveOn({ stage: "manifests", after: "0" });
  }

  async #scrubManifests(): Promise<void> {
    const { registry, signal, onFinding } = this.#options;
    for (;;) {
      const page = await listManifests(registry.metadata.reads, Number(this.progress.after), MANIFEST_PAGE);
      if (page.length === 0) return;
      for (const manifest of page) {
        signal.throwIfAborted();
        const damage = await scrubManifest(registry, manifest);
        if (damage) onFinding(damage);
        this.#add({ manifests: 1, damagedManifests: damage ? 1 : 0 });
        await this.#moveOn({ stage: "manifests", after: String(manifest.id) });
      }
    }
  }

  async #scrubQuotas(): Promise<void> {
    const { registry, onFinding } = this.#options;
    const { metadata, clock } = registry;
    for await (const corrected of correctQuotas(metadata, { clock, onTurn: () => this.#stayOn() })) {
      onFinding({ kind: "wrong-quota", ...corrected });
      this.#add({ correctedQuotas: 1 });
    }
  }

  /** @throws ScrubBusyError, and the signal's reason */
  async #stayOn(): Promise<void> {
    this.#options.signal.throwIfAborted();
    await this.#turn.keep(this.progress);
  }

  #blobScrub() {
    return { registry: this.#options.registry, reader: this.#reader, report: this.#options.onFinding };
  }

  /** One file that cannot be looked at does not keep the rest. */
  async #orFailed<T>({ digest }: StoredBlob, check: () => Promise<T>): Promise<T | "failed"> {
    this.#options.signal.throwIfAborted();
    try {
      const outcome = await check();
      this.#failuresInARow = 0;
      return outcome;
    } catch (error) {
      const isOfStorage = error instanceof StorageError || (error instanceof Error && "code" in error);
      if (this.#options.signal.aborted || !isOfStorage || ++this.#failuresInARow > MOST_FAILURES) throw error;
      this.#options.onFinding({ kind: "failed-check", digest, error });
      return "failed";
    }
  }

  async #countRead(bytes: number): Promise<void> {
    this.readBytes += bytes;
    this.#tell();
    await this.#turn.keep(this.progress);
  }

  async #moveOn(place: Pick<ScrubProgress, "stage" | "after">): Promise<void> {
    this.progress = { ...this.progress, ...place };
    this.#tell();
    await this.#turn.keep(this.progress);
  }

  #add(more: Partial<ScrubTally>): void {
    const tally: Record<keyof ScrubTally, number> = { ...this.progress.tally };
    for (const [name, count] of Object.entries(more)) tally[name as keyof ScrubTally] += count;
    this.progress = { ...this.progress, tally };
  }

  #tell(): void {
    const { tally } = this.progress;
    this.#options.onProgress?.({ tally, readBytes: this.readBytes, contents: this.#contents });
  }
}

function tallyOf(outcome: BlobOutcome | "failed", blob: StoredBlob): Partial<ScrubTally> {
  if (outcome === "gone") return {};
  if (outcome === "good" || outcome === "restored")
    return { blobs: 1, bytes: blob.sizeBytes, restored: outcome === "restored" ? 1 : 0 };
  return { blobs: 1, [outcome]: 1 };
}

async function* iterateBlobs(
  metadata: MetadataDatabase,
  { after, onlyLost }: { readonly after: string; readonly onlyLost: boolean },
): AsyncGenerator<StoredBlob, void, void> {
  for (let last: string | undefined = after; last !== undefined;) {
    const page: readonly StoredBlob[] = await listBlobs(metadata.reads, { after: last, limit: BLOB_PAGE, onlyLost });
    yield* page;
    last = page.at(-1)?.digest;
  }
}
