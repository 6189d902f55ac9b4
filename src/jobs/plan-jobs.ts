import { findJobPlan, type JobPlan, putJobPlan, type Queries } from "../metadata/index.ts";
import { enqueueJob } from "./enqueue-job.ts";
import type { JobSchedule, JobWork } from "./job-kind.ts";
import { formatSchedule } from "./job-times.ts";

/** The first of a kind that goes by an interval waits no longer, so that a registry which is restarted often comes to it, too. */
const LONGEST_FIRST_WAIT_MS = 600_000;

/**
 * Plans what comes by itself as it is configured now. What was to come while nobody ran stays due, once. After the clock was put
 * back nothing waits longer than it would have.
 */
export async function planJobs(
  queries: Queries,
  works: readonly JobWork[],
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): Promise<void> {
  for (const { kind, schedule } of works) {
    const plan = await findJobPlan(queries, kind.name);
    if (!schedule) {
      if (plan?.schedule) await putJobPlan(queries, { ...NO_PLAN, kind: kind.name });
      continue;
    }
    const latestMs = nextMs(schedule, nowMs);
    const isKnown = plan?.schedule === formatSchedule(schedule);
    const firstMs =
      "times" in schedule ? latestMs : nowMs + random() * Math.min(waitMsOf(schedule), LONGEST_FIRST_WAIT_MS);
    const dueAtMs = Math.round(isKnown ? Math.min(plan.dueAtMs ?? latestMs, latestMs) : firstMs);
    if (!isKnown || dueAtMs !== plan.dueAtMs) await putJobPlan(queries, planOf(kind.name, schedule, dueAtMs));
  }
}

/** Makes the jobs whose time has come: one of a kind however many times have, and none while one is open. */
export async function makePlannedJobs(queries: Queries, works: readonly JobWork[], nowMs: number): Promise<void> {
  for (const { kind, schedule } of works) {
    const plan = schedule && (await findJobPlan(queries, kind.name));
    if (!schedule || !plan || plan.dueAtMs === null || plan.dueAtMs > nowMs) continue;
    await putJobPlan(queries, planOf(kind.name, schedule, nextMs(schedule, nowMs)));
    const isDue = "times" in schedule || !schedule.isDue || (await schedule.isDue(queries, nowMs));
    if (isDue) await enqueueJob(queries, { openKey: onlyOne, ...kind }, { input: kind.input.parse({}), nowMs });
  }
}

const NO_PLAN = { schedule: null, intervalMs: null, dueAtMs: null } as const;

/** The key of a kind that has none of its own, where one is made that nobody asked for. */
export function onlyOne(): string {
  return "";
}

function planOf(kind: string, schedule: JobSchedule, dueAtMs: number): JobPlan {
  const intervalMs = "times" in schedule ? null : waitMsOf(schedule);
  return { kind, schedule: formatSchedule(schedule), intervalMs, dueAtMs };
}

function nextMs(schedule: JobSchedule, nowMs: number): number {
  return "times" in schedule ? schedule.times.after(nowMs) : nowMs + waitMsOf(schedule);
}

/** Until the next one comes, or it is asked again whether one is to. */
function waitMsOf({ everyMs, askEveryMs = everyMs }: Exclude<JobSchedule, { times: unknown }>): number {
  return askEveryMs;
}
