import type { Figure, PeerName, PlotPlace } from "../report/figure.ts";
import { percentile } from "../report/statistics.ts";

/** Milliseconds of every request, round by round. */
export type Latencies = ReadonlyMap<PeerName, readonly (readonly number[])[]>;

/** The percentiles of one panel: each round's, or of all rounds together where a round has too few requests to tell. */
export function latencyFigures(
  latencies: Latencies,
  { id, plot, panel }: { readonly id: string } & Omit<PlotPlace, "at">,
): readonly Figure[] {
  return [50, 90, 99, 99.9].map((percent) => ({
    id: `${id}-p${percent}`,
    title: `${panel}, p${percent}`,
    unit: "ms",
    better: "lower",
    samples: Object.fromEntries([...latencies].map(([name, rounds]) => [name, percentilesOf(rounds, percent)])),
    targets: [],
    notes: [],
    place: { plot, panel, at: `p${percent}` },
  }));
}

/** One percentile a round, one of all rounds, or none: at least one request must lie above it. */
function percentilesOf(rounds: readonly (readonly number[])[], percent: number): readonly number[] {
  const needed = Math.round(100 / (100 - percent));
  const all = rounds.flat();
  if (rounds.every(({ length }) => length >= needed)) return rounds.map((round) => percentile(round, percent));
  return all.length >= needed ? [percentile(all, percent)] : [];
}
