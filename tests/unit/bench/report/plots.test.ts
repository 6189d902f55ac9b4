import { describe, expect, test } from "bun:test";
import type { Figure } from "../../../../bench/report/figure.ts";
import { renderMarkdownPlot, renderTextPlot } from "../../../../bench/report/plot-table.ts";
import { gatherPlots, plotPath, withoutPlots } from "../../../../bench/report/plots.ts";
import { decadesAround, renderSvgPlot } from "../../../../bench/report/svg-plot.ts";
import { makeFigure } from "./figures.ts";

function makePoint(panel: string, at: string, samples: Figure["samples"]): Figure {
  return makeFigure({ id: `${panel}-${at}`, unit: "ms", samples, place: { plot: "mix", panel, at } });
}

const figures = [
  makeFigure(),
  makePoint("layer <GET>", "p50", { berth: [1, 2, 3], "docker-registry": [20] }),
  makePoint("layer <GET>", "p99", { berth: [4], "docker-registry": [200] }),
  makePoint("blob HEAD", "p50", { berth: [0.5] }),
  makePoint("blob HEAD", "p99", {}),
];

describe("gatherPlots", () => {
  test("makes a panel of the figures that share its name and a line of a peer's medians", () => {
    const [plot, ...others] = gatherPlots(figures);
    expect(others).toEqual([]);
    expect(plot?.panels.map(({ title, ticks }) => ({ title, ticks }))).toEqual([
      { title: "layer <GET>", ticks: ["p50", "p99"] },
      { title: "blob HEAD", ticks: ["p50", "p99"] },
    ]);
    expect(plot?.panels[0]?.lines).toEqual([
      { peer: "berth", values: [2, 4] },
      { peer: "docker-registry", values: [20, 200] },
    ]);
    expect(plot?.panels[1]?.lines).toEqual([{ peer: "berth", values: [0.5, undefined] }]);
  });

  test("leaves the others to the table", () => {
    expect(withoutPlots(figures)).toEqual([makeFigure()]);
    expect(gatherPlots([makeFigure()])).toEqual([]);
  });
});

test("a plot lies beside the chart", () => {
  expect(plotPath("docs/bench.svg", "mix")).toBe("docs/bench-mix.svg");
  expect(plotPath("chart", "scaling")).toBe("chart-scaling.svg");
});

test("the tables have a line for each panel and peer", () => {
  const [plot] = gatherPlots(figures);
  if (plot === undefined) throw new Error("no plot");
  const lines = renderTextPlot(plot).split("\n");
  expect(lines.map((line) => line.split(/ {2,}/)).slice(2)).toEqual([
    ["layer <GET>, ms", "Berth", "2.00", "4.00"],
    ["layer <GET>, ms", "docker-registry", "20.0", "200"],
    ["blob HEAD, ms", "Berth", "0.500", "–"],
  ]);
  expect(renderMarkdownPlot(plot)).toContain("| layer &lt;GET>, ms | Berth | 2.00 | 4.00 |");
});

test("the picture has a dot for each value, lower values lower, all inside", () => {
  const [plot] = gatherPlots(figures);
  if (plot === undefined) throw new Error("no plot");
  const svg = renderSvgPlot(plot, "a <caption>");
  expect(svg).toContain("layer &lt;GET&gt;");
  expect(svg).toContain("a &lt;caption&gt;");
  const dots = [...svg.matchAll(/<circle class="([\w-]+)" cx="(\d+)" cy="(\d+)"/g)].map((dot) => ({
    peer: dot[1],
    y: Number(dot[3]),
  }));
  expect(dots.map(({ peer }) => peer)).toEqual(["berth", "berth", "docker-registry", "docker-registry", "berth"]);
  const [low, higher, , highest] = dots.map(({ y }) => y);
  expect([low, higher, highest].toSorted((a, b) => (b ?? 0) - (a ?? 0))).toEqual([low, higher, highest]);
  expect(Math.min(...dots.map(({ y }) => y))).toBeGreaterThan(20);
});

test.each([
  [
    [0.5, 30],
    [-1, 0, 1, 2],
  ],
  [
    [10, 10],
    [1, 2],
  ],
  [[], [0, 1]],
  [
    [0, 5],
    [0, 1],
  ],
])("the axis for %p has the powers %p", (values, decades) => {
  expect(decadesAround(values)).toEqual(decades);
});
