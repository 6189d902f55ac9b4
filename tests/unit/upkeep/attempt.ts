import type { JobProgress, JobWork } from "../../../src/jobs/index.ts";

export interface AttemptOptions {
  readonly input?: object;
  readonly progress?: JobProgress;
  readonly signal?: AbortSignal;
  readonly onReport?: (progress: JobProgress) => void;
}

export interface Attempted {
  readonly result: unknown;
  /** The last that it told. */
  readonly progress: JobProgress | undefined;
}

/** One attempt at a job, as the queue makes it. */
export async function attempt(work: JobWork, options: AttemptOptions = {}): Promise<Attempted> {
  const { input = {}, progress, signal = new AbortController().signal, onReport } = options;
  let last = progress;
  const report = (told: JobProgress) => {
    last = told;
    onReport?.(told);
  };
  const result = await work.run({ id: 7, input: work.kind.input.parse(input), progress, signal, report });
  return { result, progress: last };
}
