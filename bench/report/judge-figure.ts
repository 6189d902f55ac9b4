import type { Figure, PeerName, Target } from "./figure.ts";
import { median } from "./statistics.ts";

/** A target beside what was reached; `reached` and `met` are missing when a peer of it was not measured. */
export interface Judgement {
  readonly target: Target;
  /** A factor when the target is against a peer, otherwise a value in the figure's unit. */
  readonly reached?: number;
  readonly met?: boolean;
}

/** Says for each target of a figure what was reached and whether that keeps it. */
export function judgeFigure(figure: Figure): readonly Judgement[] {
  return figure.targets.map((target) => {
    const reached =
      target.against === undefined ? medianOf(figure, "berth") : ratioBetween(figure, "berth", target.against);
    if (reached === undefined) return { target };
    const met = target.bound === "at least" ? reached >= target.value : reached <= target.value;
    return { target, reached, met };
  });
}

/** Median of one peer divided by another's; missing when either was not measured or the divisor is zero. */
export function ratioBetween(figure: Figure, peer: PeerName, other: PeerName): number | undefined {
  const [above, below] = [medianOf(figure, peer), medianOf(figure, other)];
  return above === undefined || below === undefined || below === 0 ? undefined : above / below;
}

/** Median of a peer's samples; missing when it was not measured. */
export function medianOf(figure: Figure, peer: PeerName): number | undefined {
  const samples = figure.samples[peer];
  return samples === undefined || samples.length === 0 ? undefined : median(samples);
}
