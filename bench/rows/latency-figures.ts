import type { Figure, PeerName, PlotPlace } from "../report/figure.ts";
import { percentile } from "../report/statistics.ts";

/** Milliseconds of every request, round by round. */
export type Latencies = ReadonlyMap<PeerName, readonly (readonly number[])[]>;

/** Below this many requests a thousandth of them is a matter of luck. */
const ENOUGH_FOR_A_THOUSANDTH = 1000;

/** The percentiles of one panel: each round's, but p99.9 of all rounds together and only if there are enough requests. */
export function latencyFigures(
  latencies: Latencies,
  { id, plot, panel }: { readonly id: string } & Omit<PlotPlace, "at">,
): readonly Figure[] {
  const figureOf = (
    percent: number,
    sampleOf: (rounds: readonly (readonly number[])[]) => readonly number[],
  ): Figure => ({
    id: `${id}-p${percent}`,
    title: `${panel}, p${percent}`,
    unit: "ms",
    better: "lower",
    samples: Object.fromEntries([...latencies].map(([name, rounds]) => [name, sampleOf(rounds)])),
    targets: [],
    notes: [],
    place: { plot, panel, at: `p${percent}` },
  });
  return [
    ...[50, 90, 99].map((percent) =>
      figureOf(percent, (rounds) =>
        rounds.filter(({ length }) => length > 0).map((round) => percentile(round, percent)),
      ),
    ),
    figureOf(99.9, (rounds) => {
      const all = rounds.flat();
      return all.length < ENOUGH_FOR_A_THOUSANDTH ? [] : [percentile(all, 99.9)];
    }),
  ];
}
