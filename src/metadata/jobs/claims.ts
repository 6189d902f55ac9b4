import type { Queries } from "../database.ts";
import type { JobState } from "./schema.ts";

/** A job that may be claimed: it waits and is due, or its runner has not been heard of since its lease ended. */
export interface DueJob {
  readonly id: number;
  readonly kind: string;
  readonly state: JobState;
  readonly input: string;
  readonly progress: string | null;
  readonly attempts: number;
  readonly fence: number;
  readonly isCancelWanted: boolean;
  readonly problem: string | null;
}

/** The one of these kinds that has been due longest, inclusive of `nowMs`. */
export async function findDueJob(
  queries: Queries,
  kinds: readonly string[],
  nowMs: number,
): Promise<DueJob | undefined> {
  const row = await queries
    .selectFrom("jobs")
    .select(["id", "kind", "state", "input", "progress", "attempts", "fence", "problem"])
    .select("is_cancel_wanted as isCancelWanted")
    .where("ended_at_ms", "is", null)
    .where("due_at_ms", "<=", nowMs)
    .where("kind", "in", kinds)
    .orderBy("due_at_ms")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return row && { ...row, isCancelWanted: row.isCancelWanted === 1 };
}

export interface Claim {
  readonly id: number;
  /** Greater than any before. */
  readonly fence: number;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
}

/** Takes a job that {@link findDueJob} has found in the same transaction. */
export async function claimJob(queries: Queries, { id, fence, nowMs, leaseUntilMs }: Claim): Promise<void> {
  await queries
    .updateTable("jobs")
    .set((columns) => ({
      state: "running",
      fence,
      due_at_ms: leaseUntilMs,
      attempts: columns("attempts", "+", 1),
      started_at_ms: columns.fn.coalesce("started_at_ms", columns.val(nowMs)),
    }))
    .where("id", "=", id)
    .execute();
}

export interface Renewal {
  readonly id: number;
  readonly fence: number;
  readonly leaseUntilMs: number;
  /** JSON. */
  readonly progress: string | null;
}

/** Keeps a job that was claimed, and saves how far it is. @returns what becomes of it; `undefined`: the lease is lost */
export async function renewClaim(
  queries: Queries,
  { id, fence, leaseUntilMs, progress }: Renewal,
): Promise<{ readonly isCancelWanted: boolean } | undefined> {
  const row = await queries
    .updateTable("jobs")
    .set({ due_at_ms: leaseUntilMs, progress })
    .where("id", "=", id)
    .where("fence", "=", fence)
    .where("state", "=", "running")
    .returning("is_cancel_wanted")
    .executeTakeFirst();
  return row && { isCancelWanted: row.is_cancel_wanted === 1 };
}

export interface Return {
  readonly id: number;
  readonly fence: number;
  readonly nowMs: number;
  /** When it is to be begun again. */
  readonly dueAtMs: number;
  /** JSON. */
  readonly progress: string | null;
  readonly problem: string | null;
  /** Whether the attempt counts. */
  readonly isAttempt: boolean;
}

/** Lets a job wait again, or ends it if it is to be cancelled. @returns what was done; `undefined`: the lease is lost */
export async function returnJob(
  queries: Queries,
  { id, fence, nowMs, dueAtMs, ...rest }: Return,
): Promise<"returned" | "cancelled" | undefined> {
  const { progress, problem, isAttempt } = rest;
  const row = await queries
    .updateTable("jobs")
    .set((columns) => ({
      state: "waiting",
      due_at_ms: dueAtMs,
      progress,
      problem,
      attempts: columns("attempts", "-", isAttempt ? 0 : 1),
    }))
    .where("id", "=", id)
    .where("fence", "=", fence)
    .where("state", "=", "running")
    .returning("is_cancel_wanted")
    .executeTakeFirst();
  if (row?.is_cancel_wanted !== 1) return row && "returned";
  await endJob(queries, { id, fence, state: "cancelled", nowMs });
  return "cancelled";
}

export interface Ending {
  readonly id: number;
  /** Of who ends it; a job that waits has that of who had it last. */
  readonly fence: number;
  readonly state: Exclude<JobState, "waiting" | "running">;
  readonly nowMs: number;
  /** JSON; `undefined`: as it was saved last. */
  readonly progress?: string | null;
  /** JSON. */
  readonly result?: string | null;
  readonly problem?: string | null;
  /** There was nothing of note: if nobody had asked for it and its first attempt did it, it is forgotten with the next such one. */
  readonly isUneventful?: boolean;
}

/** Ends a job, and lets the next of its kind come an interval from now on. @returns whether the lease was still held */
export async function endJob(queries: Queries, ending: Ending): Promise<boolean> {
  const { id, fence, state, nowMs, isUneventful = false, ...said } = ending;
  const row = await queries
    .updateTable("jobs")
    .set({ ...said, state, due_at_ms: null, ended_at_ms: nowMs })
    .where("id", "=", id)
    .where("fence", "=", fence)
    .where("ended_at_ms", "is", null)
    .returning(["kind", "requested_by", "attempts"])
    .executeTakeFirst();
  if (!row) return false;
  if (isUneventful && row.requested_by === null && row.attempts === 1) await forgetQuiet(queries, row.kind, id);
  await queries
    .updateTable("job_kinds")
    .set((columns) => ({ due_at_ms: columns("interval_ms", "+", nowMs) }))
    .where("kind", "=", row.kind)
    .where("interval_ms", "is not", null)
    .execute();
  if (state === "succeeded") await putSuccess(queries, row.kind, nowMs);
  return true;
}

/** Of those that nobody misses the last stays. */
async function forgetQuiet(queries: Queries, kind: string, lastId: number): Promise<void> {
  await queries.deleteFrom("jobs").where("kind", "=", kind).where("is_quiet", "=", 1).execute();
  await queries.updateTable("jobs").set({ is_quiet: 1 }).where("id", "=", lastId).execute();
}

async function putSuccess(queries: Queries, kind: string, nowMs: number): Promise<void> {
  await queries
    .insertInto("job_kinds")
    .values({ kind, succeeded_at_ms: nowMs })
    .onConflict((conflict) => conflict.column("kind").doUpdateSet({ succeeded_at_ms: nowMs }))
    .execute();
}

/** Ends a job that waits, and asks who runs it to end it. @returns what was done; `undefined`: it had ended, or there is none */
export async function cancelJob(
  queries: Queries,
  id: number,
  nowMs: number,
): Promise<"cancelled" | "asked" | undefined> {
  const job = await queries.selectFrom("jobs").select(["state", "fence"]).where("id", "=", id).executeTakeFirst();
  if (job?.state === "waiting") {
    await endJob(queries, { id, fence: job.fence, state: "cancelled", nowMs });
    return "cancelled";
  }
  if (job?.state !== "running") return undefined;
  await queries.updateTable("jobs").set({ is_cancel_wanted: 1 }).where("id", "=", id).execute();
  return "asked";
}

/** Of a clock that was put back: nothing waits longer than it would have, and no lease holds for longer than any is given. */
export async function bringForward(
  queries: Queries,
  latest: { readonly waitingMs: number; readonly runningMs: number },
): Promise<void> {
  for (const [state, dueAtMs] of [
    ["waiting", latest.waitingMs],
    ["running", latest.runningMs],
  ] as const)
    await queries
      .updateTable("jobs")
      .set({ due_at_ms: dueAtMs })
      .where("state", "=", state)
      .where("due_at_ms", ">", dueAtMs)
      .where("ended_at_ms", "is", null)
      .execute();
}
