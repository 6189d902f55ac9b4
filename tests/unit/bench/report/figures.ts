import type { Figure } from "../../../../bench/report/figure.ts";
import type { RunReport } from "../../../../bench/report/run-report.ts";

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

/** A report of one figure on some machine. */
export function makeReport(changes: Partial<RunReport> = {}): RunReport {
  return {
    startedAt: "2026-01-02T03:04:05.000Z",
    durationSeconds: 12.3456789,
    program: "1.2.3 (abcdef0)",
    machine: {
      cores: 2,
      processor: "Some Processor",
      shaInstructions: true,
      memoryGib: 24,
      kernel: "6.1",
      loadBefore: 0.1,
      versions: { nginx: "1.22.1" },
    },
    settings: ["both are quiet"],
    figures: [makeFigure()],
    ...changes,
  };
}
