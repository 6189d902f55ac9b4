import { expect, test } from "bun:test";
import { renderSvgChart } from "../../../../bench/report/svg-chart.ts";
import { makeFigure } from "./figures.ts";

/** Tags that an XML text leaves open or closes wrongly; empty for a well-formed one. */
function unbalancedTags(xml: string): readonly string[] {
  const open: string[] = [];
  for (const [, closing, name = "", empty] of xml.matchAll(/<(\/?)([\w-]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (closing === "/" && open.at(-1) !== name) return [`</${name}>`];
    if (closing === "/") open.pop();
    else if (empty === "") open.push(name);
  }
  return open;
}

const figures = [
  makeFigure(),
  makeFigure({
    title: "tags & <lists>",
    unit: "ms",
    better: "lower",
    samples: { berth: [0.5], "docker-registry": [2] },
  }),
  makeFigure({ title: "not measured", samples: {} }),
];

test("the chart is well-formed, also with words that mean something in XML", () => {
  const svg = renderSvgChart(figures, 'a "caption" <with> & more');
  expect(unbalancedTags(svg)).toEqual([]);
  const withoutTags = svg.replaceAll(/<\/?[\w-]+(?:\s+[\w:-]+="[^"<]*")*\s*\/?>/g, "");
  expect(withoutTags).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
  expect(svg).toContain("tags &amp; &lt;lists&gt;");
});

test("the longest bar of a figure fills the space and the others are in proportion", () => {
  const svg = renderSvgChart([makeFigure({ samples: { berth: [500], "docker-registry": [2000] } })], "");
  const widths = [...svg.matchAll(/<rect class="([\w-]+)"[^>]* width="(\d+)" height="13"/g)].map((bar) => bar.slice(1));
  expect(widths).toEqual([
    ["berth", "100"],
    ["docker-registry", "400"],
  ]);
});

test("every bar says its median and lies inside the picture", () => {
  const svg = renderSvgChart(figures, "");
  const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
  const tops = [...svg.matchAll(/<rect [^>]*y="(\d+)"/g)].map((bar) => Number(bar[1]));
  expect(Math.max(...tops) + 13).toBeLessThan(height);
  for (const value of ["31,000", "1,000", "61,000", "0.500", "2.00"]) expect(svg).toContain(`>${value}</text>`);
});

test("the chart has colours for light and for dark pages", () => {
  expect(renderSvgChart(figures, "")).toContain("prefers-color-scheme: dark");
});
