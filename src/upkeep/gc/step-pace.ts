import { pause } from "../../runtime/index.ts";

export interface StepPaceOptions {
  /** Milliseconds, with parts of them, since whenever. */
  readonly stopwatchMs: () => number;
  /** How much of the time others have, for each part that a step has: 0 is as fast as it goes. */
  readonly restFactor: number;
}

/** How long a step is to take and how much it does at most. */
export interface StepAim {
  readonly aimMs: number;
  /** Of which a step is never too long, however slow the machine: it has to come to its end. */
  readonly least: number;
  readonly most: number;
}

/** Where others wait for so long already, they have this much more. */
const LATE_FACTOR = 2;
const LONGEST_REST_MS = 50;

/**
 * Lets a run do as much in one step as takes the time that it may, whatever the machine, and rest in between: longer while others are
 * kept waiting, be it by this run or not.
 */
export class StepPace {
  readonly #options: StepPaceOptions;
  readonly #sizes = new Map<StepAim, number>();
  #lateMs = 0;

  constructor(options: StepPaceOptions) {
    this.#options = options;
  }

  /** @param step does so much at most @returns what it returns, after the rest; at once when `signal` is aborted */
  async take<T>(aim: StepAim, step: (size: number) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { stopwatchMs, restFactor } = this.#options;
    const size = this.#sizes.get(aim) ?? aim.least;
    const startedMs = stopwatchMs();
    const result = await step(size);
    const tookMs = Math.max(stopwatchMs() - startedMs, 0.01);
    this.#sizes.set(aim, nextSize(size, aim, tookMs));
    if (restFactor === 0) await new Promise(setImmediate);
    else await this.#rest(tookMs * restFactor + this.#lateMs * LATE_FACTOR, signal);
    return result;
  }

  async #rest(wantedMs: number, signal: AbortSignal): Promise<void> {
    const { stopwatchMs } = this.#options;
    const restMs = Math.min(Math.max(wantedMs, 1), LONGEST_REST_MS);
    const startedMs = stopwatchMs();
    await pause(restMs, signal);
    // A timer rings later than it was set for when this thread has other things to do.
    this.#lateMs = Math.max(0, stopwatchMs() - startedMs - restMs - 1);
  }
}

/** Half as much at once where it took too long; slowly more where it did not. */
function nextSize(size: number, { aimMs, least, most }: StepAim, tookMs: number): number {
  const next = tookMs > aimMs ? Math.max(size / 2, (size * aimMs) / tookMs) : size * 1.2 + 0.5;
  return Math.min(most, Math.max(least, Math.floor(next)));
}
