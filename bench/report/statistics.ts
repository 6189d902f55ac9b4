/** The median with the range it came from; all that three to five rounds can honestly say. */
export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Middle value, or the mean of the two middle values. Throws `RangeError` without samples. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Value below which `percent` of the samples lie, interpolated between neighbours. Throws `RangeError` without samples. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("no samples, or a percentage outside 0..100");
  return below + (above - below) * (position - Math.floor(position));
}

/** Median and range of the samples. Throws `RangeError` without samples. */
export function summarize(samples: readonly number[]): Summary {
  return { median: median(samples), lowest: Math.min(...samples), highest: Math.max(...samples) };
}
