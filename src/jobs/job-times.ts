import { findJobPlan, type Queries } from "../metadata/index.ts";
import type { JobOffer } from "./job-desk.ts";
import type { JobSchedule } from "./job-kind.ts";

/** When jobs of a kind come by themselves, as the registry that serves has planned it. Nothing of it is set: none does. */
export interface JobTimes {
  /** So long after the end of each. */
  readonly everyMs?: number;
  /** At times of the day in UTC, as cron writes them. */
  readonly cron?: string;
  /** When the next one comes, if there is anything to do then; in the past while one is open, or nobody serves. */
  readonly dueAtMs?: number;
}

export async function findJobTimes(queries: Queries, { kind, refusal, notBeforeMs }: JobOffer): Promise<JobTimes> {
  const plan = refusal === undefined ? await findJobPlan(queries, kind.name) : undefined;
  if (!plan?.schedule || plan.dueAtMs === null) return {};
  const firstMs = notBeforeMs ? await notBeforeMs(queries) : 0;
  return { ...parseSchedule(plan.schedule), dueAtMs: Math.max(plan.dueAtMs, firstMs) };
}

/** How a schedule stands in a plan. */
export function formatSchedule(schedule: JobSchedule): string {
  return "times" in schedule ? `at ${schedule.times.expression}` : `every ${schedule.everyMs} ms`;
}

function parseSchedule(text: string): Pick<JobTimes, "everyMs" | "cron"> {
  const everyMs = /^every (\d+) ms$/.exec(text)?.[1];
  return everyMs === undefined ? { cron: text.replace(/^at /, "") } : { everyMs: Number(everyMs) };
}
