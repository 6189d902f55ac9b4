import type { z } from "zod";
import type { Queries } from "../metadata/index.ts";
import type { CronTimes } from "../runtime/index.ts";
import type { JobProgress } from "./job-progress.ts";

/** A kind of work that can be asked for. */
export interface JobKind<Input = unknown> {
  /** Such as `gc`. */
  readonly name: string;
  /** What it does, for people. */
  readonly about: string;
  /** Where the kind has a schedule it accepts `{}`, which is the input of jobs that come by themselves. */
  readonly input: z.ZodType<Input>;
  /** Of all open jobs with the same key there is at most one. Absent: there may be any number. */
  openKey?(input: Input): string;
  /** How often it is begun before it has failed, 1 or more. A process that dies with it counts. */
  readonly maxAttempts: number;
}

/** One attempt at a job. */
export interface JobTurn<Input = unknown> {
  readonly id: number;
  readonly input: Input;
  /** How far an attempt before it came. */
  readonly progress: JobProgress | undefined;
  /** Aborted when the job is cancelled, the process stops, or another has taken the job over: then `run` throws soon. */
  readonly signal: AbortSignal;
  /** The process is about to end, and nobody else is kept waiting by it: there is little time. */
  readonly isLast?: boolean;
  /** Says how far it is, as often as something changes; it is saved now and then. */
  report(progress: JobProgress): void;
}

/** When jobs of a kind come by themselves: at times of the day, or so long after the end of the last one. */
export type JobSchedule =
  | { readonly times: CronTimes }
  | {
      readonly everyMs: number;
      /** Asked when it is time whether there is anything to do; if not, it is asked again an interval later, or after `askEveryMs`. */
      readonly isDue?: (queries: Queries, nowMs: number) => Promise<boolean>;
      /** Set, with `isDue`: how often that is asked, where something else than a job may change it. */
      readonly askEveryMs?: number;
      /** Set: what is due when a process stops in an orderly way is done then, for so long at most; the rest waits for the next. */
      readonly atStopMs?: number;
    };

/** How a process does jobs of a kind. */
export interface JobWork<Input = unknown, Result = unknown> {
  readonly kind: JobKind<Input>;
  /** Absent: only who asks for one gets one. */
  readonly schedule?: JobSchedule | undefined;
  /**
   * Resolves when all of it is done; what it resolves to is kept as JSON. It may be begun again at any time, in another process.
   * @throws JobPostponed if it cannot be done now and that is nobody's fault
   */
  run(turn: JobTurn<Input>): Promise<Result>;
  /** Of what came by itself and ended so only the last is remembered, so that it hides nothing else. Absent: all are. */
  isUneventful?(result: Result): boolean;
}

/** Work whose input and result are known to itself alone. */
export function defineWork<Input, Result>(work: JobWork<Input, Result>): JobWork {
  return work;
}

/** It cannot be done now; it waits, and this attempt does not count. */
export class JobPostponed extends Error {
  override readonly name = "JobPostponed";
  readonly waitMs: number;

  constructor(reason: string, waitMs: number) {
    super(reason);
    this.waitMs = waitMs;
  }
}
