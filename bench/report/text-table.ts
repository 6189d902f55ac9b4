import type { Figure } from "./figure.ts";
import { formatFigure, type FigureCells } from "./format-figure.ts";

const HEADINGS: FigureCells = {
  title: "what",
  berth: "Berth",
  distribution: "docker-registry",
  reference: "nginx / openssl",
  ratio: "ratio",
  target: "target",
  met: "met",
};

/** The table for a terminal: one padded line a figure, medians with the range in brackets. */
export function renderTextTable(figures: readonly Figure[]): string {
  const lines = [HEADINGS, ...figures.map(formatFigure)].map(cellsOf);
  const widths = cellsOf(HEADINGS).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [padded[0], rule, ...padded.slice(1)].join("\n");
}

/** The same table for a page. */
export function renderMarkdownTable(figures: readonly Figure[]): string {
  const toLine = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  const rule = cellsOf(HEADINGS).map(() => "---");
  return [
    toLine(cellsOf(HEADINGS)),
    toLine(rule),
    ...figures.map((figure) => toLine(cellsOf(formatFigure(figure)))),
  ].join("\n");
}

function cellsOf(cells: FigureCells): readonly string[] {
  return [cells.title, cells.berth, cells.distribution, cells.reference, cells.ratio, cells.target, cells.met];
}

function escapeCell(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
