import { expect, test } from "bun:test";
import { formatNumber } from "../../../../bench/report/format-figure.ts";
import { renderMarkdownTable, renderTextTable } from "../../../../bench/report/text-table.ts";
import { makeFigure } from "./figures.ts";

const pull = makeFigure({
  title: "pull of a large blob",
  unit: "MB/s",
  samples: { berth: [2400], nginx: [2500] },
  targets: [{ against: "nginx", bound: "at least", value: 0.95 }],
});
const unmeasured = makeFigure({ samples: {}, targets: [{ bound: "at most", value: 2 }] });
const promiseless = makeFigure({ targets: [] });

test("the text table says medians with their range, ratios, targets and verdicts", () => {
  const [heading = "", rule = "", ...lines] = renderTextTable([makeFigure(), pull, unmeasured, promiseless]).split(
    "\n",
  );
  expect(heading).toStartWith("what");
  expect(rule).toMatch(/^[- ]+$/);
  const cells = lines.map((line) => line.split(/ {2,}/));
  expect(cells).toEqual([
    [
      "manifest GET by tag, requests/s",
      "31,000 (30,000–32,000)",
      "1,000 (990–1,010)",
      "nginx 61,000 (60,000–62,000)",
      "31x; 51 % of nginx",
      ">= 30x",
      "yes",
    ],
    ["pull of a large blob, MB/s", "2,400", "–", "nginx 2,500", "96 % of nginx", ">= 95 % of nginx", "yes"],
    ["manifest GET by tag, requests/s", "–", "–", "–", "–", "<= 2", "not run"],
    [
      "manifest GET by tag, requests/s",
      "31,000 (30,000–32,000)",
      "1,000 (990–1,010)",
      "nginx 61,000 (60,000–62,000)",
      "31x; 51 % of nginx",
      "–",
      "–",
    ],
  ]);
});

test("the columns of the text table stand under each other", () => {
  const lines = renderTextTable([makeFigure(), pull]).split("\n");
  const starts = lines.map((line) => Math.max(line.indexOf("nginx / openssl"), line.search(/nginx \d/)));
  expect(new Set(starts.filter((start) => start >= 0)).size).toBe(1);
});

test("the markdown table keeps its columns whatever a title holds", () => {
  const lines = renderMarkdownTable([makeFigure({ title: "a | b <c>" }), pull]).split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.replaceAll("\\|", "").split("|")).toHaveLength(9);
  expect(lines[2]).toContain("a \\| b &lt;c>");
});

test.each([
  [12_345.6, "12,346"],
  [99.94, "99.9"],
  [9.876, "9.88"],
  [0.12345, "0.123"],
  [0, "0.000"],
])("%p is written %p", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
