import { sql } from "kysely";
import type { Queries } from "../database.ts";
import type { JobState } from "./schema.ts";

/** When the next job of a kind comes by itself. */
export interface JobPlan {
  readonly kind: string;
  /** `null`: none does. */
  readonly schedule: string | null;
  /** Set: so long after the end of each. */
  readonly intervalMs: number | null;
  readonly dueAtMs: number | null;
}

export async function findJobPlan(queries: Queries, kind: string): Promise<JobPlan | undefined> {
  return queries
    .selectFrom("job_kinds")
    .select(["kind", "schedule", "interval_ms as intervalMs", "due_at_ms as dueAtMs"])
    .where("kind", "=", kind)
    .executeTakeFirst();
}

export async function putJobPlan(queries: Queries, plan: JobPlan): Promise<void> {
  const columns = { schedule: plan.schedule, interval_ms: plan.intervalMs, due_at_ms: plan.dueAtMs };
  await queries
    .insertInto("job_kinds")
    .values({ kind: plan.kind, ...columns })
    .onConflict((conflict) => conflict.column("kind").doUpdateSet(columns))
    .execute();
}

/** When there is next something to do: a job of `kinds` to begin or to take over, or one of `planned` to be made. */
export async function findNextDueMs(
  queries: Queries,
  kinds: readonly string[],
  planned: readonly string[],
): Promise<number | undefined> {
  const { rows } = await sql<{ due: number | null }>`
    select min(due) as due from (
      select due_at_ms as due from jobs
      where ended_at_ms is null and kind in (${listOf(kinds)}) and due_at_ms >= 0
      union all select due_at_ms from job_kinds where kind in (${listOf(planned)}))`.execute(queries);
  return rows[0]?.due ?? undefined;
}

function listOf(texts: readonly string[]) {
  return texts.length === 0 ? sql`null` : sql.join(texts);
}

/** How many jobs of a kind there are in a state that are not at their end. */
export interface OpenJobs {
  readonly kind: string;
  readonly state: Extract<JobState, "waiting" | "running">;
  readonly count: number;
  /** Of the one that has been due longest, or whose lease ends first. */
  readonly dueAtMs: number;
}

export async function countOpenJobs(queries: Queries): Promise<readonly OpenJobs[]> {
  const { rows } = await sql<OpenJobs>`
    select kind, state, count(*) as count, min(due_at_ms) as "dueAtMs" from jobs
    where ended_at_ms is null group by kind, state`.execute(queries);
  return rows;
}

/** When a job of each kind came to a good end last. */
export async function listJobSuccesses(
  queries: Queries,
): Promise<readonly { readonly kind: string; readonly succeededAtMs: number }[]> {
  return queries
    .selectFrom("job_kinds")
    .select(["kind", "succeeded_at_ms as succeededAtMs"])
    .where("succeeded_at_ms", "is not", null)
    .$narrowType<{ succeededAtMs: number }>()
    .orderBy("kind")
    .execute();
}
