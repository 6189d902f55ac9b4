import { describe, expect, test } from "bun:test";
import {
  compareReports,
  renderMarkdownComparison,
  renderTextComparison,
} from "../../../../bench/report/compare-reports.ts";
import type { Figure } from "../../../../bench/report/figure.ts";
import type { RunReport } from "../../../../bench/report/run-report.ts";
import { makeFigure, makeReport } from "./figures.ts";

function reportOf(changes: Partial<Figure>): RunReport {
  return makeReport({ figures: [makeFigure(changes)] });
}

const before = reportOf({ samples: { berth: [100, 105, 95], "docker-registry": [10] } });

describe("compareReports", () => {
  test.each<[string, Partial<Figure>, string]>([
    ["more requests", { samples: { berth: [150, 140, 160], "docker-registry": [10] } }, "better"],
    ["fewer requests", { samples: { berth: [50, 60, 55], "docker-registry": [10] } }, "worse"],
    ["rounds that overlap", { samples: { berth: [104, 150, 160], "docker-registry": [10] } }, "noise"],
    ["what the machine did to a peer, too", { samples: { berth: [150, 140, 160], "docker-registry": [15] } }, "noise"],
    ["more than the machine did", { samples: { berth: [200, 190, 210], "docker-registry": [15] } }, "better"],
    ["a small step", { samples: { berth: [101, 101, 101] } }, "noise"],
    ["a single sample that moved a little", { samples: { berth: [120] } }, "noise"],
    ["a single sample that moved much", { samples: { berth: [130] } }, "better"],
  ])("judges %s", (_what, changes, verdict) => {
    expect(compareReports(before, reportOf(changes)).map((change) => change.verdict)).toEqual([verdict as never]);
  });

  test("knows that less can be better", () => {
    const slow = reportOf({ better: "lower", samples: { berth: [9, 10, 11] } });
    const fast = reportOf({ better: "lower", samples: { berth: [4, 5, 6] } });
    expect(compareReports(slow, fast)[0]).toMatchObject({
      verdict: "better",
      ratio: 0.5,
      lowest: 4 / 11,
      highest: 6 / 9,
    });
    expect(compareReports(fast, slow)[0]?.verdict).toBe("worse");
  });

  test("leaves out what only one run has", () => {
    expect(compareReports(before, reportOf({ id: "other" }))).toEqual([]);
    expect(compareReports(before, reportOf({ title: "manifest GET of another size" }))).toEqual([]);
    expect(compareReports(before, reportOf({ samples: { nginx: [1] } }))).toEqual([]);
    expect(compareReports(reportOf({ samples: { berth: [0] } }), before)).toEqual([]);
  });
});

test("both renderings tell the ratio with its range, the verdict, and both programs", () => {
  const after = { ...reportOf({ samples: { berth: [150, 140, 160], "docker-registry": [10] } }), program: "2.0.0 (1)" };
  for (const text of [renderTextComparison(before, after), renderMarkdownComparison(before, after)]) {
    expect(text).toContain("1.50 (1.33–1.68)");
    expect(text).toContain("BETTER");
    expect(text).toContain("Of 1 figures 1 are better, 0 worse, 0 within the noise.");
    expect(text).toContain("Berth 1.2.3 (abcdef0)");
    expect(text).toContain("Berth 2.0.0 (1)");
    expect(text).toContain("the same machine and versions");
  }
});
