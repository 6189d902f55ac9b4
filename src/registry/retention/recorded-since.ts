import type { UseGap } from "../../metadata/index.ts";

/** A time to judge at. */
export interface JudgedTime {
  readonly nowMs: number;
  /** The latest first, apart from each other. */
  readonly gaps: readonly UseGap[];
}

/** Since when uses have been on record for so long, as a time in which none could be does not count. */
export function recordedSince({ nowMs, gaps }: JudgedTime, ageMs: number): number {
  let sinceMs = nowMs - ageMs;
  for (const { fromMs, toMs } of gaps) {
    const untilMs = Math.min(toMs, nowMs);
    if (untilMs < sinceMs) break;
    sinceMs -= Math.max(0, untilMs - fromMs);
  }
  return sinceMs;
}
