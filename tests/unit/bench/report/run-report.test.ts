import { expect, test } from "bun:test";
import { renderJson, renderMarkdown, renderText } from "../../../../bench/report/run-report.ts";
import { makeFigure, makeReport } from "./figures.ts";

const report = makeReport({
  figures: [
    makeFigure({ notes: ["the client was not the bound"] }),
    makeFigure({ targets: [{ bound: "at most", value: 1 }] }),
  ],
});

test("every report counts the targets met and tells machine, settings and notes", () => {
  for (const text of [renderText(report), renderMarkdown(report, "bench.svg")]) {
    expect(text).toContain("1 of 2 targets met, in a run of 12.3 s.");
    expect(text).toContain("2 cores (Some Processor, SHA instructions), 24 GiB, Linux 6.1; nginx 1.22.1");
    expect(text).toContain("Berth 1.2.3 (abcdef0)");
    expect(text).toContain("both are quiet");
    expect(text).toContain("manifest GET by tag: the client was not the bound");
  }
});

test("a machine that was not quiet is told", () => {
  const busy = { ...report, machine: { ...report.machine, loadBefore: 1.26 } };
  expect(renderText(report)).not.toContain("NOT QUIET");
  expect(renderText(busy)).toContain("NOT QUIET: load 1.3 before the run");
});

test("the page shows the chart and the day", () => {
  const page = renderMarkdown(report, "bench.svg");
  expect(page).toContain("](bench.svg)");
  expect(page).toContain("2026-01-02");
});

test("the JSON keeps samples, medians and verdicts, with rounded numbers", () => {
  const parsed = JSON.parse(renderJson(report));
  expect(parsed.durationSeconds).toBe(12.346);
  expect(parsed.figures[0].samples.berth).toEqual([30_000, 32_000, 31_000]);
  expect(parsed.figures[0].medians).toEqual({ berth: 31_000, "docker-registry": 1000, nginx: 61_000 });
  expect(parsed.figures[1].verdicts).toEqual([{ target: { bound: "at most", value: 1 }, reached: 31_000, met: false }]);
});
