import { findScrub, type MetadataDatabase, putScrub, type Queries, type ScrubRecord } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { parseProgress, type ScrubProgress, START } from "./scrub-progress.ts";

/** Another scrub of the same registry runs; there is no sense in two. */
export class ScrubBusyError extends Error {
  override readonly name = "ScrubBusyError";
}

export interface ScrubTurnOptions {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  /** A name that no other run has. */
  readonly owner: string;
  /** Begins anew, also if an earlier run was interrupted. */
  readonly restart: boolean;
}

/** Who has not been heard of for so long is taken for dead. */
const SILENT_MS = 60_000;
const SAVE_EVERY_MS = 5000;

/** The right of one run, of all processes, to scrub; and its place in the database, from where the next goes on. */
export class ScrubTurn {
  readonly #options: ScrubTurnOptions;
  readonly #startedAtMs: number;
  #savedAtMs: number;

  /** @throws ScrubBusyError */
  static async take(
    options: ScrubTurnOptions,
  ): Promise<{ readonly turn: ScrubTurn; readonly progress: ScrubProgress }> {
    const nowMs = options.clock.nowMs();
    const { startedAtMs, progress } = await options.metadata.transaction((queries) => take(queries, options, nowMs));
    return { turn: new ScrubTurn(options, startedAtMs, nowMs), progress };
  }

  private constructor(options: ScrubTurnOptions, startedAtMs: number, nowMs: number) {
    this.#options = options;
    this.#startedAtMs = startedAtMs;
    this.#savedAtMs = nowMs;
  }

  /** To be called often; writes only now and then. @throws ScrubBusyError if another run has taken over */
  async keep(progress: ScrubProgress): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#savedAtMs < SAVE_EVERY_MS) return;
    this.#savedAtMs = nowMs;
    await this.#put(progress, { owner: this.#options.owner, finishedAtMs: null });
  }

  /** Leaves the rest to another run. @throws ScrubBusyError */
  async leave(progress: ScrubProgress): Promise<void> {
    await this.#put(progress, { owner: null, finishedAtMs: null });
  }

  /** @throws ScrubBusyError */
  async finish(progress: ScrubProgress): Promise<void> {
    await this.#put(progress, { owner: null, finishedAtMs: this.#options.clock.nowMs() });
  }

  async #put(progress: ScrubProgress, state: Pick<ScrubRecord, "owner" | "finishedAtMs">): Promise<void> {
    const { metadata, clock, owner } = this.#options;
    const record = {
      ...state,
      startedAtMs: this.#startedAtMs,
      updatedAtMs: clock.nowMs(),
      progress: JSON.stringify(progress),
    };
    await metadata.transaction(
      async (queries) => {
        if ((await findScrub(queries))?.owner !== owner) throw new ScrubBusyError("another scrub has taken over");
        await putScrub(queries, record);
      },
      { durable: false },
    );
  }
}

async function take(queries: Queries, { owner, restart }: ScrubTurnOptions, nowMs: number) {
  const last = await findScrub(queries);
  if (last && last.owner !== null && nowMs - last.updatedAtMs < SILENT_MS) {
    const since = new Date(last.startedAtMs).toISOString();
    throw new ScrubBusyError(`another scrub runs, since ${since}; if it was killed, try again in a minute`);
  }
  const interrupted = last && last.finishedAtMs === null && !restart ? last : undefined;
  const startedAtMs = interrupted?.startedAtMs ?? nowMs;
  const progress = interrupted ? parseProgress(interrupted.progress) : START;
  const record = { owner, startedAtMs, updatedAtMs: nowMs, finishedAtMs: null, progress: JSON.stringify(progress) };
  await putScrub(queries, record);
  return { startedAtMs, progress };
}
