import {
  bringForward,
  claimJob,
  type DueJob,
  endJob,
  findDueJob,
  findNextDueMs,
  pruneJobs,
  type Queries,
} from "../metadata/index.ts";
import { pause, type Soon } from "../runtime/index.ts";
import { LONGEST_BACK_OFF_MS } from "./back-off.ts";
import type { JobWork } from "./job-kind.ts";
import { JobRun, type JobRunParts, LEASE_MS } from "./job-run.ts";
import { makePlannedJobs, planJobs } from "./plan-jobs.ts";
import { runAtStop } from "./run-at-stop.ts";

export interface JobRunnerOptions extends JobRunParts {
  /** What this process does; kinds that it does not know are left to others. */
  readonly works: readonly JobWork[];
  /** How long a job that has ended is remembered. */
  readonly historyMs: number;
  /** Whether nothing is to be begun now, and what runs is to be given back to the queue; asked at every look. Absent: never. */
  readonly isPaused?: () => Soon<boolean>;
}

/** Clocks are put right by some milliseconds all the time. */
const PUT_BACK_MS = 1000;
/** At most one small look-up in so long, while nothing runs. */
const IDLE_MS = 2000;
const BUSY_MS = 1000;
const FAILED_MS = 10_000;
/** Of one process at once; what is over that waits, or is done by another. */
const MOST_RUNNING = 4;
const TIDY_EVERY_MS = 3_600_000;
const PRUNED_AT_ONCE = 500;

/**
 * Does the jobs of the database as their time comes, beside others of its kind in other processes. A job that is put into the queue in
 * this process is begun at once where {@link JobRunner.lookNow} is told of it, else within two seconds.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #works: ReadonlyMap<string, JobWork>;
  readonly #planned: readonly string[];
  readonly #running = new Map<JobRun, Promise<void>>();
  readonly #stopping = new AbortController();
  #sleep = new AbortController();
  #isWanted = false;
  #loop: Promise<void> = Promise.resolve();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #tidiedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#works = new Map(options.works.map((work) => [work.kind.name, work]));
    this.#planned = options.works.filter(({ schedule }) => schedule).map(({ kind }) => kind.name);
  }

  start(): void {
    this.#loop = this.#repeat();
  }

  /** There may be something to begin, or to cancel. What a transaction on its way does is seen, too. */
  lookNow(): void {
    this.#isWanted = true;
    this.#sleep.abort();
  }

  /**
   * Begins nothing more and interrupts what runs. Resolves once all of it has ended or is back in the queue, and the work that is due at a
   * stop is done.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#sleep.abort();
    await this.#loop;
    for (const run of this.#running.keys()) run.interrupt("stopping");
    await Promise.all(this.#running.values());
    await runAtStop(this.#options, this.#options);
  }

  /** Renews, plans, and begins what there is to begin. @returns how long nothing is to be done, as far as this process knows */
  async look(): Promise<number> {
    const { clock } = this.#options;
    const isNow = this.#isWanted;
    this.#isWanted = false;
    // Before others' jobs are taken over: after the clock was put forward, ours are as late as those.
    for (const run of this.#running.keys()) await run.renew(isNow);
    const nowMs = clock.nowMs();
    if (nowMs < this.#lookedAtMs - PUT_BACK_MS || nowMs - this.#tidiedAtMs >= TIDY_EVERY_MS) await this.#tidy(nowMs);
    this.#lookedAtMs = nowMs;
    if (this.#works.size === 0) return IDLE_MS;
    if (await this.#options.isPaused?.()) {
      for (const run of this.#running.keys()) run.interrupt("paused");
      return BUSY_MS;
    }
    const dueAtMs = isNow ? nowMs : await this.#findNextDueMs();
    if (dueAtMs === undefined || dueAtMs > nowMs)
      return Math.min(this.#running.size > 0 ? BUSY_MS : IDLE_MS, Math.max(1, (dueAtMs ?? Infinity) - nowMs));
    await this.#begin();
    return BUSY_MS;
  }

  async #repeat(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const waitMs = await this.look().catch((error: unknown) => {
        this.#options.log.warn("jobs could not be looked at; that is tried again", { error });
        return FAILED_MS;
      });
      this.#sleep = new AbortController();
      if (this.#isWanted || this.#stopping.signal.aborted) continue;
      await pause(waitMs, this.#sleep.signal);
    }
  }

  #findNextDueMs(): Promise<number | undefined> {
    // Who can begin no more does not look for what could be begun.
    const kinds = this.#running.size < MOST_RUNNING ? [...this.#works.keys()] : [];
    return findNextDueMs(this.#options.metadata.reads, kinds, this.#planned);
  }

  async #begin(): Promise<void> {
    const { metadata, clock, works } = this.#options;
    await metadata.transaction((queries) => makePlannedJobs(queries, works, clock.nowMs()), { durable: false });
    while (this.#running.size < MOST_RUNNING && !this.#stopping.signal.aborted) {
      const found = await metadata.transaction((queries) => this.#claim(queries), { durable: false });
      if (!found) return;
      if (found.claimed) this.#run(found.claimed);
    }
  }

  /** @returns `undefined`: there is nothing to begin */
  async #claim(queries: Queries): Promise<{ readonly claimed: DueJob | undefined } | undefined> {
    const nowMs = this.#options.clock.nowMs();
    const job = await findDueJob(queries, [...this.#works.keys()], nowMs);
    if (!job) return undefined;
    const { id, kind, fence, attempts } = job;
    if (job.state === "running" && this.#isOver(job)) {
      const state = job.isCancelWanted ? "cancelled" : "failed";
      const problem = job.isCancelWanted ? job.problem : `its process ended in the middle, ${attempts} times`;
      await endJob(queries, { id, fence, state, nowMs, problem });
      this.#options.counts.add(kind, state);
      return { claimed: undefined };
    }
    const claim = { id, fence: fence + 1, nowMs, leaseUntilMs: nowMs + LEASE_MS };
    await claimJob(queries, claim);
    return { claimed: { ...job, fence: claim.fence, attempts: attempts + 1 } };
  }

  /** Of a job whose runner was lost: whether it is not begun again. */
  #isOver({ id, kind, attempts, isCancelWanted }: DueJob): boolean {
    const { log } = this.#options;
    const isOver = isCancelWanted || attempts >= (this.#works.get(kind)?.kind.maxAttempts ?? 1);
    const becomes = isCancelWanted ? "it was cancelled" : isOver ? "it has failed" : "it goes on here";
    log.warn(`the process that did a job has not been heard of: ${becomes}`, { job: id, kind, attempts });
    return isOver;
  }

  #run(job: DueJob): void {
    const work = this.#works.get(job.kind);
    if (!work) return;
    const run = new JobRun(this.#options, work, job);
    const ended = run.toTheEnd().then(() => {
      this.#running.delete(run);
      // It may have made room for another.
      this.#sleep.abort();
    });
    this.#running.set(run, ended);
  }

  /** Makes the plans as they are configured, and forgets what is old. */
  async #tidy(nowMs: number): Promise<void> {
    const { metadata, works, random, historyMs } = this.#options;
    const latest = { waitingMs: nowMs + LONGEST_BACK_OFF_MS, runningMs: nowMs + LEASE_MS };
    await metadata.transaction(async (queries) => {
      await planJobs(queries, works, { nowMs, random });
      await bringForward(queries, latest);
    });
    this.#tidiedAtMs = nowMs;
    const prune = () =>
      metadata.transaction((queries) => pruneJobs(queries, nowMs - historyMs, PRUNED_AT_ONCE), { durable: false });
    while (!this.#stopping.signal.aborted && (await prune()));
  }
}
