import type { Figure, PeerName, Target } from "./figure.ts";
import { judgeFigure, ratioBetween } from "./judge-figure.ts";
import { summarize } from "./statistics.ts";

/** The cells of one line of the table, as text. */
export interface FigureCells {
  readonly title: string;
  readonly berth: string;
  readonly distribution: string;
  /** nginx or openssl, whichever was measured beside it. */
  readonly reference: string;
  readonly ratio: string;
  readonly target: string;
  readonly met: string;
}

/** Puts one figure into words: medians with their range, ratios, targets and the verdicts. */
export function formatFigure(figure: Figure): FigureCells {
  const judgements = judgeFigure(figure);
  return {
    title: `${figure.title}, ${figure.unit}`,
    berth: formatSamples(figure.samples.berth),
    distribution: formatSamples(figure.samples["docker-registry"]),
    reference: formatReference(figure),
    ratio: formatRatios(figure),
    target: judgements.map(({ target }) => formatTarget(target)).join("; ") || "–",
    met: judgements.map(({ met }) => (met === undefined ? "not run" : met ? "yes" : "no")).join("; ") || "–",
  };
}

/** A number with about three significant digits and thousands separators. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatSamples(samples: readonly number[] | undefined): string {
  if (samples === undefined || samples.length === 0) return "–";
  const { median, lowest, highest } = summarize(samples);
  return samples.length === 1
    ? formatNumber(median)
    : `${formatNumber(median)} (${formatNumber(lowest)}–${formatNumber(highest)})`;
}

function formatReference(figure: Figure): string {
  const peers: PeerName[] = ["nginx", "openssl"];
  const measured = peers.filter((peer) => figure.samples[peer] !== undefined);
  return measured.map((peer) => `${peer} ${formatSamples(figure.samples[peer])}`).join("; ") || "–";
}

function formatRatios(figure: Figure): string {
  const others: PeerName[] = ["docker-registry", "nginx", "openssl"];
  const parts = others.flatMap((other) => {
    const ratio = ratioBetween(figure, "berth", other);
    return ratio === undefined ? [] : [other === "docker-registry" ? formatFactor(ratio) : formatShare(ratio, other)];
  });
  return parts.join("; ") || "–";
}

function formatTarget({ against, bound, value }: Target): string {
  const sign = bound === "at least" ? ">=" : "<=";
  if (against === undefined) return `${sign} ${value}`;
  return against === "docker-registry" ? `${sign} ${value}x` : `${sign} ${formatShare(value, against)}`;
}

function formatFactor(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;
}

function formatShare(ratio: number, peer: PeerName): string {
  return `${(ratio * 100).toFixed(0)} % of ${peer}`;
}
