import { expect, test } from "bun:test";
import { latencyFigures } from "../../../../bench/rows/latency-figures.ts";

const place = { id: "mix-pull", plot: "mix", panel: "pull" } as const;

test("percentiles are of each round, but of all rounds together where a round has too few requests", () => {
  const round = Array.from({ length: 501 }, (_, number) => number);
  const figures = latencyFigures(new Map([["berth", [round, round]]]), place);
  expect(
    figures.map(({ id, samples, place }) => ({ id, at: place?.at, samples: samples.berth?.map(Math.round) })),
  ).toEqual([
    { id: "mix-pull-p50", at: "p50", samples: [250, 250] },
    { id: "mix-pull-p90", at: "p90", samples: [450, 450] },
    { id: "mix-pull-p99", at: "p99", samples: [495, 495] },
    { id: "mix-pull-p99.9", at: "p99.9", samples: [500] },
  ]);
});

test("too few requests have no percentile", () => {
  const figures = latencyFigures(new Map([["berth", [[], [1, 2, 3]]]]), place);
  expect(figures.map(({ samples }) => samples.berth)).toEqual([[2], [], [], []]);
});
