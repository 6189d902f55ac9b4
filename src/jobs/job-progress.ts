/** How far a job is. */
export interface JobProgress {
  /** Of `unit`. */
  readonly done: number;
  /** `null`: nobody knows how much there is. */
  readonly total: number | null;
  /** A word in the singular, such as `candidate`; `byte` is shown as a size. */
  readonly unit: string;
  /** What it did, and from where another attempt would go on; JSON. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** @returns `undefined` if the text, perhaps of another version, is none */
export function parseJobProgress(text: string | null): JobProgress | undefined {
  if (text === null) return undefined;
  const { done, total = null, unit, detail } = JSON.parse(text) as Partial<JobProgress>;
  return typeof done === "number" && typeof unit === "string" ? { done, total, unit, detail } : undefined;
}
