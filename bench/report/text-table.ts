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
  return renderCells([HEADINGS, ...figures.map(formatFigure)].map(cellsOf));
}

/** The same table for a page. */
export function renderMarkdownTable(figures: readonly Figure[]): string {
  return renderMarkdownCells([HEADINGS, ...figures.map(formatFigure)].map(cellsOf));
}

/** Lines of cells, the headings first, with the columns under each other. */
export function renderCells(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [padded[0], rule, ...padded.slice(1)].join("\n");
}

/** The same lines for a page. */
export function renderMarkdownCells([headings = [], ...lines]: readonly (readonly string[])[]): string {
  const toLine = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [toLine(headings), toLine(headings.map(() => "---")), ...lines.map(toLine)].join("\n");
}

function cellsOf(cells: FigureCells): readonly string[] {
  return [cells.title, cells.berth, cells.distribution, cells.reference, cells.ratio, cells.target, cells.met];
}

function escapeCell(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
