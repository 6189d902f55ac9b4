import { claimJob, type DueJob, findDueJob, findJob, type Queries } from "../metadata/index.ts";
import type { Soon } from "../runtime/index.ts";
import { enqueueJob } from "./enqueue-job.ts";
import type { JobWork } from "./job-kind.ts";
import { JobRun, type JobRunParts, LEASE_MS } from "./job-run.ts";
import { onlyOne } from "./plan-jobs.ts";

const LOOK_AGAIN_MS = 100;

/**
 * Does what is due of works that want to be done at a stop, one after the other. What another process does now is waited for, as it may
 * not see all that there is. Never rejects.
 */
export async function runAtStop(
  parts: JobRunParts,
  { works, isPaused }: { readonly works: readonly JobWork[]; readonly isPaused?: () => Soon<boolean> },
): Promise<void> {
  for (const work of works) {
    const atStopMs = work.schedule && "everyMs" in work.schedule ? work.schedule.atStopMs : undefined;
    if (atStopMs === undefined) continue;
    try {
      if (!(await isPaused?.())) await runWithin(parts, work, atStopMs);
    } catch (error) {
      parts.log.warn("what is done at a stop was not done", { kind: work.kind.name, error });
    }
  }
}

async function runWithin(parts: JobRunParts, work: JobWork, mostMs: number): Promise<void> {
  const { metadata, clock } = parts;
  for (let leftMs = mostMs; leftMs > 0; leftMs -= LOOK_AGAIN_MS) {
    const found = await metadata.transaction((queries) => claimDue(queries, work, clock.nowMs()), { durable: false });
    if (found === "nothing") return;
    if (found !== "elsewhere") return runFor(new JobRun(parts, work, found), leftMs);
    await Bun.sleep(LOOK_AGAIN_MS);
  }
}

async function runFor(run: JobRun, mostMs: number): Promise<void> {
  const timer = setTimeout(() => run.interrupt("stopping"), mostMs);
  await run.toTheEnd(true);
  clearTimeout(timer);
}

/** @returns `nothing` also where it has just broken off, and waits to be tried again */
async function claimDue(queries: Queries, work: JobWork, nowMs: number): Promise<DueJob | "nothing" | "elsewhere"> {
  const { kind, schedule } = work;
  const isDue = !schedule || "times" in schedule || !schedule.isDue || (await schedule.isDue(queries, nowMs));
  if (!isDue) return "nothing";
  const { id } = await enqueueJob(queries, { openKey: onlyOne, ...kind }, { input: kind.input.parse({}), nowMs });
  const due = await findDueJob(queries, [kind.name], nowMs);
  if (due?.state !== "waiting") return (await findJob(queries, id))?.state === "running" ? "elsewhere" : "nothing";
  const claim = { id: due.id, fence: due.fence + 1, nowMs, leaseUntilMs: nowMs + LEASE_MS };
  await claimJob(queries, claim);
  return { ...due, fence: claim.fence, attempts: due.attempts + 1 };
}
