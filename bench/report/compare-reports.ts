import type { Figure, PeerName } from "./figure.ts";
import { formatNumber } from "./format-figure.ts";
import { medianOf } from "./judge-figure.ts";
import { describeMachine } from "./machine-facts.ts";
import type { RunReport } from "./run-report.ts";
import { summarize } from "./statistics.ts";
import { renderCells, renderMarkdownCells } from "./text-table.ts";

/** How Berth's figure changed from one run to another. */
export interface Change {
  readonly title: string;
  readonly before: number;
  readonly after: number;
  /** `after` divided by `before`. */
  readonly ratio: number;
  /** The ratio that the rounds least and most in favour of the change give. */
  readonly lowest: number;
  readonly highest: number;
  /** What a peer that did not change did in the meantime: the machine's part. Missing when none was measured. */
  readonly drift?: number;
  readonly verdict: "better" | "worse" | "noise";
}

/** Changes of less than this are noise, however alike the rounds of a run are. */
const SMALLEST_CHANGE = 1.05;
/** The same for figures of a single sample, which do not show their spread. */
const SMALLEST_SINGLE_CHANGE = 1.25;
const CONTROLS: readonly PeerName[] = ["docker-registry", "nginx", "openssl"];

/** Compares every figure that both runs have. A change counts when the rounds do not overlap and the peers did not move alike. */
export function compareReports(before: RunReport, after: RunReport): readonly Change[] {
  return after.figures.flatMap((figure) => {
    const old = before.figures.find(
      ({ id, title, unit }) => id === figure.id && title === figure.title && unit === figure.unit,
    );
    const change = old === undefined ? undefined : compareFigures(old, figure);
    return change === undefined ? [] : [change];
  });
}

/** The comparison for a terminal. */
export function renderTextComparison(before: RunReport, after: RunReport): string {
  const changes = compareReports(before, after);
  return [renderCells(cellsOf(changes)), "", ...wordsOf(before, after, changes)].join("\n");
}

/** The same as a page. */
export function renderMarkdownComparison(before: RunReport, after: RunReport): string {
  const changes = compareReports(before, after);
  const words = wordsOf(before, after, changes).map((line) => `- ${line}`);
  return ["# Two runs compared", "", renderMarkdownCells(cellsOf(changes)), "", ...words, ""].join("\n");
}

function compareFigures(old: Figure, figure: Figure): Change | undefined {
  const [before, after] = [old.samples.berth ?? [], figure.samples.berth ?? []];
  if (before.length === 0 || after.length === 0) return undefined;
  const [past, now] = [summarize(before), summarize(after)];
  if (past.lowest <= 0) return undefined;
  const drift = driftBetween(old, figure);
  const range = {
    ratio: now.median / past.median,
    lowest: now.lowest / past.highest,
    highest: now.highest / past.lowest,
  };
  const smallest = Math.min(before.length, after.length) === 1 ? SMALLEST_SINGLE_CHANGE : SMALLEST_CHANGE;
  const isOutside = (range.lowest > 1 || range.highest < 1) && exceeds(range.ratio, smallest * sizeOf(drift ?? 1));
  const isGood = range.ratio > 1 === (figure.better === "higher");
  const verdict = isOutside ? (isGood ? "better" : "worse") : "noise";
  const values = { title: `${figure.title}, ${figure.unit}`, before: past.median, after: now.median, verdict } as const;
  return { ...values, ...range, ...(drift === undefined ? {} : { drift }) };
}

/** How far the peer moved that moved most of those that both runs measured, as `after` divided by `before`. */
function driftBetween(old: Figure, figure: Figure): number | undefined {
  const drifts = CONTROLS.flatMap((peer) => {
    const [past, now] = [medianOf(old, peer), medianOf(figure, peer)];
    return past === undefined || now === undefined || past <= 0 || now <= 0 ? [] : [now / past];
  });
  return drifts.toSorted((a, b) => sizeOf(b) - sizeOf(a))[0];
}

function exceeds(ratio: number, factor: number): boolean {
  return sizeOf(ratio) > factor;
}

/** How far a ratio is from 1, upward or downward: 2 and 0.5 are as far. */
function sizeOf(ratio: number): number {
  return Math.max(ratio, 1 / ratio);
}

function cellsOf(changes: readonly Change[]): readonly (readonly string[])[] {
  return [
    ["what", "before", "now", "now / before", "a peer", "verdict"],
    ...changes.map(({ title, before, after, ratio, lowest, highest, drift, verdict }) => [
      title,
      formatNumber(before),
      formatNumber(after),
      `${ratio.toFixed(2)} (${lowest.toFixed(2)}–${highest.toFixed(2)})`,
      drift?.toFixed(2) ?? "–",
      verdict === "noise" ? "–" : verdict.toUpperCase(),
    ]),
  ];
}

function wordsOf(before: RunReport, after: RunReport, changes: readonly Change[]): readonly string[] {
  const count = (verdict: Change["verdict"]): number => changes.filter((change) => change.verdict === verdict).length;
  const [past, now] = [describeMachine(before.machine), describeMachine(after.machine)];
  return [
    `Of ${changes.length} figures ${count("better")} are better, ${count("worse")} worse, ${count("noise")} within the noise.`,
    "In brackets: the least and the greatest ratio of any two rounds. A figure is marked when these leave out 1 and the change " +
      "is greater than 5 % (25 % for a single sample) on top of what a peer beside it moved (the one that moved most).",
    `Before: ${nameOf(before)}; ${past}`,
    `Now: ${nameOf(after)}; ${past === now ? "the same machine and versions" : now}`,
  ];
}

function nameOf({ program, startedAt }: RunReport): string {
  return `Berth ${program}, ${startedAt.slice(0, 16).replace("T", " ")}`;
}
