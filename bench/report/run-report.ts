import { PEERS, type Figure } from "./figure.ts";
import { formatNumber } from "./format-figure.ts";
import { judgeFigure, medianOf } from "./judge-figure.ts";
import { describeMachine, type MachineFacts } from "./machine-facts.ts";
import { renderMarkdownPlot, renderTextPlot } from "./plot-table.ts";
import { gatherPlots, plotPath, withoutPlots } from "./plots.ts";
import { renderMarkdownTable, renderTextTable } from "./text-table.ts";

/** Everything one run found. */
export interface RunReport {
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** Version and commit of what was measured. */
  readonly program: string;
  readonly machine: MachineFacts;
  /** How the run was made equal and what is not equal, in sentences. */
  readonly settings: readonly string[];
  readonly figures: readonly Figure[];
}

/** The report for a terminal. */
export function renderText(report: RunReport): string {
  const settings = report.settings.map((line) => `* ${line}`);
  return [
    renderTextTable(withoutPlots(report.figures)),
    "",
    ...gatherPlots(report.figures).flatMap((plot) => [plot.title, "", renderTextPlot(plot), ""]),
    `Berth ${report.program}`,
    describeMachine(report.machine),
    ...settings,
    ...notesOf(report),
    summaryOf(report),
  ].join("\n");
}

/** The report as a page of the documentation, the chart above the table. */
export function renderMarkdown(report: RunReport, chartPath: string): string {
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench`; do not edit. Every figure is the median of several rounds in one run, in which the servers",
    "stand side by side on one machine and take turns; the lowest and the highest round are in brackets.",
    "",
    `![Bar chart of the table below](${chartPath})`,
    "",
    renderMarkdownTable(withoutPlots(report.figures)),
    "",
    summaryOf(report),
    "",
    ...gatherPlots(report.figures).flatMap((plot) => [
      `## ${plot.title}`,
      "",
      `![Plot of the table below](${plotPath(chartPath, plot.name)})`,
      "",
      renderMarkdownPlot(plot),
      "",
    ]),
    "## How it was measured",
    "",
    `- ${report.startedAt.slice(0, 10)}, Berth ${report.program}: ${describeMachine(report.machine)}`,
    ...report.settings.map((line) => `- ${line}`),
    "",
    "## What else was seen",
    "",
    ...notesOf(report).map((line) => line.replace(/^\* /, "- ")),
    "",
  ].join("\n");
}

/** The report for programs: samples and verdicts. */
export function renderJson(report: RunReport): string {
  const figures = report.figures.map((figure) => ({
    ...figure,
    medians: Object.fromEntries(PEERS.map((peer) => [peer, medianOf(figure, peer)])),
    verdicts: judgeFigure(figure),
  }));
  return `${JSON.stringify({ ...report, figures }, roundNumber, 1)}\n`;
}

/** Reads what `renderJson` wrote. Throws when there is no such file or it is something else. */
export async function readReport(file: string): Promise<RunReport> {
  const report = (await Bun.file(file).json()) as RunReport;
  if (!Array.isArray(report.figures)) throw new Error(`${file} is not the JSON of a benchmark`);
  return { ...report, program: report.program ?? "of a version not named" };
}

function notesOf(report: RunReport): readonly string[] {
  return report.figures.flatMap((figure) => figure.notes.map((note) => `* ${figure.title}: ${note}`));
}

function summaryOf(report: RunReport): string {
  const verdicts = report.figures.flatMap(judgeFigure).filter(({ met }) => met !== undefined);
  const met = verdicts.filter((verdict) => verdict.met === true).length;
  return `${met} of ${verdicts.length} targets met, in a run of ${formatNumber(report.durationSeconds)} s.`;
}

function roundNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
