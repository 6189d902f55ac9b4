import { BenchRun } from "./bench-run.ts";
import { parseOptions, type BenchOptions } from "./options.ts";
import { renderMarkdownComparison, renderTextComparison } from "./report/compare-reports.ts";
import { describeProgram } from "./report/describe-program.ts";
import type { Figure } from "./report/figure.ts";
import { describeMachine, readMachineFacts } from "./report/machine-facts.ts";
import { readReport, renderJson, renderMarkdown, renderText, type RunReport } from "./report/run-report.ts";
import { gatherPlots, plotPath, withoutPlots } from "./report/plots.ts";
import { renderSvgChart } from "./report/svg-chart.ts";
import { renderSvgPlot } from "./report/svg-plot.ts";
import { ROWS, type Row } from "./rows/index.ts";

const VERSION_COMMANDS = {
  Bun: [process.execPath, "--version"],
  "docker-registry": ["docker-registry", "--version"],
  nginx: ["nginx", "-v"],
  openssl: ["openssl", "version"],
  curl: ["curl", "--version"],
  wrk: ["wrk", "-v"],
} as const;

const SETTINGS = [
  "Berth and docker-registry read the same configuration file but for port and folder: filesystem storage, log level " +
    "error, access log off, blob descriptors cached in memory, no authentication. nginx: one worker, sendfile on, logs off.",
  "Load: wrk with one thread and 32 keep-alive connections for GET (8 for tag PUT), a Bun client with 32 connections for " +
    "HEAD, 8 for image pushes, 1 for lists and indexes, 96 for the mix; curl for large blobs. Servers and clients share the " +
    "machine's cores.",
  "TLS: one certificate with an elliptic key for all, HTTP/1.1; curl speaks TLS 1.3 with AES-128-GCM.",
  "The mix comes at a fixed pace, whether a server keeps up or not; a whole pull or push is timed from when it was due. " +
    "Percentiles are the median of the rounds', or of all rounds together where a round has too few requests to tell.",
  "CPU is user and system time of all of the server's processes from /proc; memory is VmRSS, its peak VmHWM.",
  "Each side is as durable as it is by itself: Berth answers a push when data, directory and transaction are synced; " +
    "docker-registry 2.8 syncs every file that it writes (seen with strace), but no directory.",
];

/** Measures the chosen rows one after the other; a row that fails is told and left out. */
async function measureRows(run: BenchRun, rows: readonly Row[]): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const row of rows) {
    const startedAt = performance.now();
    try {
      figures.push(...(await row.measure(run)));
      console.error(`${row.id}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    } catch (error) {
      console.error(`${row.id} failed:`, error);
      process.exitCode = 1;
    }
  }
  return figures;
}

async function measure(options: BenchOptions): Promise<RunReport> {
  const startedAt = new Date();
  const rows = ROWS.filter((row) => options.only.includes(row.id));
  const machine = await readMachineFacts(VERSION_COMMANDS);
  const program = await describeProgram();
  const run = await BenchRun.open(options);
  const stop = (): void => void run.close().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const watchdog = setTimeout(() => {
    console.error(`broken off after ${options.limitMinutes} minutes`);
    stop();
  }, options.limitMinutes * 60_000);
  try {
    const figures = await measureRows(run, rows);
    const durationSeconds = (Date.now() - startedAt.getTime()) / 1000;
    return {
      startedAt: startedAt.toISOString(),
      durationSeconds,
      program,
      machine,
      settings: settingsOf(options),
      figures,
    };
  } finally {
    clearTimeout(watchdog);
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await run.close();
  }
}

function settingsOf({ subject }: BenchOptions): readonly string[] {
  return subject === "berth" ? SETTINGS : [`TRIAL OF THE BENCHMARK: ${subject} stands in Berth's place.`, ...SETTINGS];
}

async function writeReport(report: RunReport, { files }: BenchOptions): Promise<void> {
  console.log(renderText(report));
  const caption = `${report.startedAt.slice(0, 10)}, ${describeMachine(report.machine).split(";")[0] ?? ""}`;
  if (files.json !== undefined) await Bun.write(files.json, renderJson(report));
  if (files.svg !== undefined) await writePictures(files.svg, report, caption);
  if (files.markdown !== undefined) await Bun.write(files.markdown, renderMarkdown(report, "bench.svg"));
}

async function compare(before: RunReport, after: RunReport, { files }: BenchOptions): Promise<void> {
  console.log(`\n${renderTextComparison(before, after)}`);
  if (files.comparison !== undefined) await Bun.write(files.comparison, renderMarkdownComparison(before, after));
}

async function writePictures(chartFile: string, { figures }: RunReport, caption: string): Promise<void> {
  await Bun.write(chartFile, renderSvgChart(withoutPlots(figures), caption));
  for (const plot of gatherPlots(figures)) {
    await Bun.write(plotPath(chartFile, plot.name), renderSvgPlot(plot, caption));
  }
}

const options = parseOptions(
  process.argv.slice(2),
  ROWS.map((row) => row.id),
);
// Read first: a file that is not there shall not be noticed after a quarter of an hour, nor be overwritten before it is read.
const earlier = options.against === undefined ? undefined : await readReport(options.against);
const report = options.from === undefined ? await measure(options) : await readReport(options.from);
await writeReport(report, options);
if (earlier !== undefined) await compare(earlier, report, options);
