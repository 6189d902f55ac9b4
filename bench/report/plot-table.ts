import { formatNumber } from "./format-figure.ts";
import type { Panel, Plot } from "./plots.ts";
import { renderCells, renderMarkdownCells } from "./text-table.ts";

/** A plot's medians as a table for a terminal: one line a panel and peer. */
export function renderTextPlot(plot: Plot): string {
  return tablesOf(plot)
    .map((lines) => renderCells(lines))
    .join("\n\n");
}

/** The same for a page. */
export function renderMarkdownPlot(plot: Plot): string {
  return tablesOf(plot)
    .map((lines) => renderMarkdownCells(lines))
    .join("\n\n");
}

/** Panels with the same points stand in one table. */
function tablesOf(plot: Plot): readonly (readonly (readonly string[])[])[] {
  const byTicks = Map.groupBy(plot.panels, (panel) => panel.ticks.join("|"));
  return [...byTicks.values()].map((panels) => [
    ["what", "server", ...(panels[0]?.ticks ?? [])],
    ...panels.flatMap(linesOf),
  ]);
}

function linesOf(panel: Panel): readonly (readonly string[])[] {
  return panel.lines.map(({ peer, values }) => [
    `${panel.title}, ${panel.unit}`,
    peer === "berth" ? "Berth" : peer,
    ...values.map((value) => (value === undefined ? "–" : formatNumber(value))),
  ]);
}
