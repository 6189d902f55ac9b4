import { countOpenJobs, listJobSuccesses, type MetadataDatabase } from "../metadata/index.ts";

export type JobOutcome = "succeeded" | "failed" | "cancelled" | "retried";

/** A number of something, by what tells it from others. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How the attempts of this process ended since its start, for its metrics. */
export class JobCounts {
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  add(kind: string, outcome: JobOutcome): void {
    const key = `${kind} ${outcome}`;
    const count = this.#counts.get(key) ?? { labels: { kind, outcome }, value: 0 };
    count.value += 1;
    this.#counts.set(key, count);
  }

  list(): readonly Labelled[] {
    return [...this.#counts.values()];
  }
}

/** What the database knows of jobs, whatever process does them. */
export interface JobStanding {
  /** By `kind` and `state`. */
  readonly open: readonly Labelled[];
  /** How long the job has been due that waits longest for somebody to begin it; 0 if none does. */
  readonly oldestWaitMs: number;
  /** When each kind came to a good end last, in milliseconds since the Unix epoch, by `kind`. */
  readonly successesMs: readonly Labelled[];
}

export async function getJobStanding({ reads }: MetadataDatabase, nowMs: number): Promise<JobStanding> {
  const open = await countOpenJobs(reads);
  const waits = open.filter(({ state }) => state === "waiting").map(({ dueAtMs }) => nowMs - dueAtMs);
  return {
    open: open.map(({ kind, state, count: value }) => ({ labels: { kind, state }, value })),
    oldestWaitMs: Math.max(0, ...waits),
    successesMs: (await listJobSuccesses(reads)).map(({ kind, succeededAtMs: value }) => ({ labels: { kind }, value })),
  };
}
