import type { Figure } from "../../../../bench/report/figure.ts";

/** A figure with something to see in it; a test names what it is about. */
export function makeFigure(changes: Partial<Figure> = {}): Figure {
  return {
    id: "manifest-get",
    title: "manifest GET by tag",
    unit: "requests/s",
    better: "higher",
    samples: { berth: [30_000, 32_000, 31_000], "docker-registry": [1000, 990, 1010], nginx: [60_000, 62_000, 61_000] },
    targets: [{ against: "docker-registry", bound: "at least", value: 30 }],
    notes: [],
    ...changes,
  };
}
