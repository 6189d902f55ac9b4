import { z } from "zod";
import {
  defineWork,
  enqueueJob,
  JobCounts,
  type JobKind,
  JobRunner,
  type JobSchedule,
  type JobTurn,
  type JobWork,
} from "../../../src/jobs/index.ts";
import { findJob, type JobRecord, listJobs, type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { until } from "../../support/until.ts";
import { logTo } from "../http/health/log-to.ts";

export const COUNTING: JobKind<{ readonly to: number }> = {
  name: "count",
  about: "counts",
  input: z.strictObject({ to: z.int().default(1) }),
  maxAttempts: 3,
};

/** A process that does jobs, as far as a test lets it. */
export interface JobSite {
  readonly metadata: MetadataDatabase;
  readonly clock: { atMs: number };
  readonly lines: string[];
  readonly counts: JobCounts;
  readonly runner: JobRunner;
  /** Attempts that were begun and have not ended, by their jobs. */
  readonly turns: Map<number, OpenTurn>;
  /** Looks, and waits until everything that was ended is put down. */
  look(): Promise<void>;
  add(input?: { readonly to: number }): Promise<number>;
  job(id: number): Promise<JobRecord>;
  jobs(): Promise<readonly JobRecord[]>;
}

export interface OpenTurn extends JobTurn<{ readonly to: number }> {
  resolve(result?: unknown): void;
  reject(error: Error): void;
}

export interface SiteOptions {
  readonly path?: string;
  readonly metadata?: MetadataDatabase;
  readonly clock?: { atMs: number };
  readonly schedule?: JobSchedule;
  readonly kind?: JobKind<{ readonly to: number }>;
  readonly works?: readonly JobWork[];
  readonly historyMs?: number;
  readonly isPaused?: () => boolean;
  readonly isUneventful?: (result: unknown) => boolean;
}

export const NOON = Date.parse("2026-05-01T12:00:00Z");

/** Its attempts end when the test says so; one that is interrupted throws at once. */
export async function openSite(options: SiteOptions = {}): Promise<JobSite> {
  const { kind = COUNTING, schedule, historyMs = 86_400_000, clock = { atMs: NOON } } = options;
  const metadata = options.metadata ?? (await openSqlite(options.path ?? ":memory:"));
  const lines: string[] = [];
  const turns = new Map<number, OpenTurn>();
  const counts = new JobCounts();
  const run = (turn: JobTurn<{ readonly to: number }>) => holdTurn(turns, turn);
  const { isUneventful } = options;
  const work = defineWork({ kind, schedule, run, ...(isUneventful && { isUneventful }) });
  const runner = new JobRunner({
    metadata,
    clock: { nowMs: () => clock.atMs },
    log: logTo(lines),
    random: () => 0,
    counts,
    works: options.works ?? [work],
    historyMs,
    ...(options.isPaused && { isPaused: options.isPaused }),
  });
  return {
    metadata,
    clock,
    lines,
    counts,
    runner,
    turns,
    async look() {
      await runner.look();
      await Bun.sleep(0);
    },
    async add(input = { to: 1 }) {
      const wish = { input, requestedBy: "anna", nowMs: clock.atMs };
      return (await metadata.transaction((queries) => enqueueJob(queries, kind, wish))).id;
    },
    async job(id) {
      const found = await findJob(metadata.reads, id);
      if (!found) throw new Error(`there is no job ${id}`);
      return found;
    },
    jobs: () => listJobs(metadata.reads, { limit: 100 }),
  };
}

/** @throws if there is none that has begun */
export function turnOf({ turns }: JobSite, id: number): OpenTurn {
  const turn = turns.get(id);
  if (!turn) throw new Error(`job ${id} is not at work here`);
  return turn;
}

export function untilState(site: JobSite, id: number, state: JobRecord["state"]): Promise<void> {
  return until(`job ${id} is ${state}`, async () => (await site.job(id)).state === state);
}

async function holdTurn(turns: Map<number, OpenTurn>, turn: JobTurn<{ readonly to: number }>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  turn.signal.addEventListener("abort", () => reject(turn.signal.reason as Error));
  turns.set(turn.id, { ...turn, resolve, reject });
  try {
    return await promise;
  } finally {
    turns.delete(turn.id);
  }
}
