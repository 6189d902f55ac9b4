import type { BenchRun } from "../bench-run.ts";
import type { Figure } from "../report/figure.ts";

/** One thing to measure; it may give several figures, such as speed and its price. */
export interface Row {
  readonly id: string;
  measure(run: BenchRun): Promise<readonly Figure[]>;
}
