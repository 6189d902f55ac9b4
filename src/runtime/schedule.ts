import { setTimeout as sleep } from "node:timers/promises";

export interface ScheduleOptions {
  /** Until the first run. */
  readonly firstAfterMs: number;
  /** From the end of a run to the start of the next, so that two never overlap. */
  readonly intervalMs: number;
  /** Ends early, in an orderly way, when `signal` is aborted. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Hears of a run that failed; the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

export interface Schedule {
  /** Starts no further run and resolves when the running one has ended. */
  stop(): Promise<void>;
}

/** Runs something again and again until it is stopped. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const stopping = new AbortController();
  const ended = runRepeatedly(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function runRepeatedly(options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  for (let waitMs = options.firstAfterMs; await pause(waitMs, signal); waitMs = options.intervalMs) {
    try {
      await options.run(signal);
    } catch (error) {
      options.onError(error);
    }
  }
}

/** A timer that is set for longer rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits. @returns whether to go on; `false` as soon as `signal` is aborted */
export async function pause(waitMs: number, signal: AbortSignal): Promise<boolean> {
  let leftMs = waitMs;
  do {
    const timerMs = Math.min(Math.max(leftMs, 1), LONGEST_TIMER_MS);
    await sleep(timerMs, undefined, { signal }).catch(() => undefined);
    leftMs -= timerMs;
  } while (leftMs > 0 && !signal.aborted);
  return !signal.aborted;
}
