import type { Queries } from "../database.ts";
import type { JobState } from "./schema.ts";

/** A job as others see it. */
export interface JobRecord {
  readonly id: number;
  readonly kind: string;
  readonly state: JobState;
  /** JSON. */
  readonly input: string;
  readonly requestedBy: string | null;
  readonly createdAtMs: number;
  /** When a waiting one is to begin, and the lease of a running one is over; `null` once it has ended. */
  readonly dueAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: number;
  readonly isCancelWanted: boolean;
  /** JSON. */
  readonly progress: string | null;
  /** JSON. */
  readonly result: string | null;
  readonly problem: string | null;
}

export interface NewJob {
  readonly kind: string;
  /** Of all open jobs of the kind one may have it: {@link findOpenJob} says which; `null`: there may be any number. */
  readonly openKey: string | null;
  /** JSON. */
  readonly input: string;
  readonly requestedBy: string | null;
  readonly nowMs: number;
}

/** @returns its number */
export async function insertJob(queries: Queries, job: NewJob): Promise<number> {
  const { kind, openKey, input, requestedBy, nowMs } = job;
  const { id } = await queries
    .insertInto("jobs")
    .values({
      kind,
      open_key: openKey,
      state: "waiting",
      input,
      requested_by: requestedBy,
      created_at_ms: nowMs,
      due_at_ms: nowMs,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** The number of the job that waits or runs under the key. */
export async function findOpenJob(queries: Queries, kind: string, openKey: string): Promise<number | undefined> {
  const row = await queries
    .selectFrom("jobs")
    .select("id")
    .where("kind", "=", kind)
    .where("open_key", "=", openKey)
    .where("ended_at_ms", "is", null)
    .executeTakeFirst();
  return row?.id;
}

export async function findJob(queries: Queries, id: number): Promise<JobRecord | undefined> {
  const row = await selectJobs(queries).where("id", "=", id).executeTakeFirst();
  return row && toRecord(row);
}

export interface JobPage {
  readonly kind?: string | undefined;
  readonly state?: JobState | undefined;
  /** Exclusive. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function listJobs(queries: Queries, page: JobPage): Promise<readonly JobRecord[]> {
  const { kind, state, beforeId, limit } = page;
  let select = selectJobs(queries);
  if (kind !== undefined) select = select.where("kind", "=", kind);
  if (state !== undefined) select = select.where("state", "=", state);
  if (beforeId !== undefined) select = select.where("id", "<", beforeId);
  return (await select.orderBy("id", "desc").limit(limit).execute()).map(toRecord);
}

/** Forgets jobs that ended before `beforeMs`, some of them. @returns whether there may be more */
export async function pruneJobs(queries: Queries, beforeMs: number, limit: number): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("jobs")
    .where("id", "in", (some) =>
      some.selectFrom("jobs").select("id").where("ended_at_ms", "<", beforeMs).orderBy("ended_at_ms").limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows) === limit;
}

function selectJobs(queries: Queries) {
  return queries
    .selectFrom("jobs")
    .select([
      "id",
      "kind",
      "state",
      "input",
      "requested_by as requestedBy",
      "created_at_ms as createdAtMs",
      "due_at_ms as dueAtMs",
      "started_at_ms as startedAtMs",
      "ended_at_ms as endedAtMs",
      "attempts",
      "is_cancel_wanted as isCancelWanted",
      "progress",
      "result",
      "problem",
    ]);
}

function toRecord<Row extends { readonly isCancelWanted: number }>(row: Row) {
  return { ...row, isCancelWanted: row.isCancelWanted === 1 };
}
