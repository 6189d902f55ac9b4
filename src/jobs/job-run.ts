import { type DueJob, endJob, type MetadataDatabase, renewClaim, returnJob } from "../metadata/index.ts";
import { type Clock, type Log, messageOf } from "../runtime/index.ts";
import { backOffMs } from "./back-off.ts";
import type { JobCounts } from "./job-counts.ts";
import { JobPostponed, type JobWork } from "./job-kind.ts";
import { type JobProgress, parseJobProgress } from "./job-progress.ts";

export interface JobRunParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly counts: JobCounts;
}

/** Who has not renewed a claim for so long has lost it. */
export const LEASE_MS = 30_000;
const RENEW_AFTER_MS = 5000;
const SAVE_AFTER_MS = 2000;

/** Why an attempt is ended before its end. */
type Interruption = "cancelled" | "stopping" | "paused" | "taken over";

/** One attempt at a job that this process has claimed. */
export class JobRun {
  readonly id: number;
  readonly #parts: JobRunParts;
  readonly #work: JobWork;
  /** As it was claimed. */
  readonly #job: DueJob;
  readonly #abort = new AbortController();
  #interruption: Interruption | undefined;
  #progress: JobProgress | undefined;
  #savedProgress: JobProgress | undefined;
  #renewedAtMs: number;
  #isOver = false;

  constructor(parts: JobRunParts, work: JobWork, job: DueJob) {
    this.id = job.id;
    this.#parts = parts;
    this.#work = work;
    this.#job = job;
    this.#progress = this.#savedProgress = parseJobProgress(job.progress);
    this.#renewedAtMs = parts.clock.nowMs();
  }

  /**
   * Works, and puts down how it ended. Never rejects.
   * @param isLast the process is about to end
   */
  async toTheEnd(isLast = false): Promise<void> {
    const { log } = this.#parts;
    log.debug("a job began", { ...this.#names(), attempt: this.#job.attempts });
    const settle = await this.#attempt(isLast);
    this.#isOver = true;
    try {
      await settle();
    } catch (error) {
      log.error("how a job ended could not be put down: it is begun again", { ...this.#names(), error });
    }
  }

  /** Keeps the claim and saves how far it is, if it is time or `isNow`. Never rejects. */
  async renew(isNow: boolean): Promise<void> {
    const ageMs = this.#parts.clock.nowMs() - this.#renewedAtMs;
    const isChanged = this.#progress !== this.#savedProgress;
    // A clock that was put back must not keep it from renewing.
    if (!isNow && ageMs >= 0 && ageMs < (isChanged ? SAVE_AFTER_MS : RENEW_AFTER_MS)) return;
    if (this.#isOver || this.#interruption === "taken over") return;
    try {
      await this.#renew();
    } catch (error) {
      this.#parts.log.warn("a job's lease could not be renewed", { ...this.#names(), error });
      if (ageMs >= LEASE_MS) this.interrupt("taken over");
    }
  }

  interrupt(reason: Interruption): void {
    this.#interruption ??= reason;
    this.#abort.abort(new Error(reason));
  }

  async #renew(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    const progress = this.#progress;
    const { id, fence } = this.#job;
    const renewal = { id, fence, leaseUntilMs: nowMs + LEASE_MS, progress: textOf(progress) };
    const kept = await this.#parts.metadata.transaction((queries) => renewClaim(queries, renewal), { durable: false });
    if (this.#isOver) return;
    this.#renewedAtMs = nowMs;
    this.#savedProgress = progress;
    if (!kept) this.interrupt("taken over");
    else if (kept.isCancelWanted) this.interrupt("cancelled");
  }

  /** @returns what puts down how it ended */
  async #attempt(isLast: boolean): Promise<() => Promise<void>> {
    try {
      const input = this.#work.kind.input.parse(JSON.parse(this.#job.input));
      const { signal } = this.#abort;
      const report = (progress: JobProgress) => void (this.#progress = progress);
      const result = await this.#work.run({ id: this.id, input, progress: this.#progress, signal, isLast, report });
      const isUneventful = this.#work.isUneventful?.(result) ?? false;
      return () => this.#end("succeeded", { result: JSON.stringify(result ?? null), problem: null, isUneventful });
    } catch (error) {
      return () => this.#settleFailed(error);
    }
  }

  async #settleFailed(error: unknown): Promise<void> {
    const { log, clock, random } = this.#parts;
    if (this.#interruption === "taken over") return log.warn("a job was taken over by another process", this.#names());
    if (this.#interruption === "cancelled") return this.#end("cancelled", {});
    const nowMs = clock.nowMs();
    if (this.#interruption === "stopping" || this.#interruption === "paused")
      return this.#return(nowMs, { problem: this.#job.problem, isAttempt: false });
    const problem = messageOf(error);
    if (error instanceof JobPostponed) {
      // The same reason again and again is told once.
      log[problem === this.#job.problem ? "debug" : "info"]("a job waits", { ...this.#names(), reason: problem });
      return this.#return(nowMs + error.waitMs, { problem, isAttempt: false });
    }
    if (this.#job.attempts >= this.#work.kind.maxAttempts) {
      log.error("a job has failed", { ...this.#names(), attempts: this.#job.attempts, error });
      return this.#end("failed", { problem });
    }
    const waitMs = backOffMs(this.#job.attempts, random);
    log.warn("a job broke off and is tried again", { ...this.#names(), attempt: this.#job.attempts, waitMs, error });
    await this.#return(nowMs + waitMs, { problem, isAttempt: true });
  }

  async #end(
    state: "succeeded" | "failed" | "cancelled",
    said: { readonly result?: string; readonly problem?: string | null; readonly isUneventful?: boolean },
  ): Promise<void> {
    const { metadata, clock, counts, log } = this.#parts;
    const { id, fence, kind } = this.#job;
    const ending = { id, fence, state, nowMs: clock.nowMs(), progress: textOf(this.#progress), ...said };
    if (!(await metadata.transaction((queries) => endJob(queries, ending)))) return this.#tellLost();
    counts.add(kind, state);
    if (state !== "failed") log.debug(`a job ${ENDED[state]}`, this.#names());
  }

  async #return(
    dueAtMs: number,
    said: { readonly problem: string | null; readonly isAttempt: boolean },
  ): Promise<void> {
    const { metadata, clock, counts } = this.#parts;
    const { id, fence, kind } = this.#job;
    const back = { id, fence, nowMs: clock.nowMs(), dueAtMs, progress: textOf(this.#progress), ...said };
    const done = await metadata.transaction((queries) => returnJob(queries, back), { durable: false });
    if (!done) this.#tellLost();
    else if (done === "cancelled") counts.add(kind, "cancelled");
    else if (said.isAttempt) counts.add(kind, "retried");
  }

  #tellLost(): void {
    this.#parts.log.warn("a job ended after another process had taken it over: what that does counts", this.#names());
  }

  #names() {
    return { job: this.id, kind: this.#job.kind };
  }
}

const ENDED = { succeeded: "came to its end", cancelled: "was cancelled" } as const;

function textOf(progress: JobProgress | undefined): string | null {
  return progress ? JSON.stringify(progress) : null;
}
