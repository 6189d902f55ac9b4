import { type Clock, pause } from "../runtime/index.ts";

/** The clock may have been put forward meanwhile. */
const LONGEST_REST_MS = 1000;

export interface RestOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How much time others have for each part that the work had. 0: only those that wait already have their turn. */
  readonly factor?: number | undefined;
}

/** Leaves the thread and the database to others after work that began then, for as long as it took, at most a second. */
export async function restSince(startedAtMs: number, { clock, signal, factor = 1 }: RestOptions): Promise<void> {
  const wantedMs = (clock.nowMs() - startedAtMs) * factor;
  if (wantedMs <= 0) await new Promise(setImmediate);
  else await pause(Math.min(wantedMs, LONGEST_REST_MS), signal);
}
