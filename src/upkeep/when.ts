import type { JobSchedule } from "../jobs/index.ts";
import { CronTimes } from "../runtime/index.ts";

/** When something is done by itself. */
export interface WhenOptions {
  /** `false`: only when somebody asks for it. */
  readonly enabled: boolean;
  /** From the end of one, whoever asked for it, to the start of the next. */
  readonly intervalMs: number;
  /** Instead of the interval: times of the day, as {@link CronTimes} reads them. */
  readonly schedule: string | undefined;
}

export function toJobSchedule({ enabled, intervalMs, schedule }: WhenOptions): JobSchedule | undefined {
  if (!enabled) return undefined;
  return schedule === undefined ? { everyMs: intervalMs } : { times: new CronTimes(schedule) };
}
