import type { Queries } from "./database.ts";

/** The scrub that runs or was interrupted, or else the last one. */
export interface ScrubRecord {
  /** The run that works on it; `null` if none does. */
  readonly owner: string | null;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  /** `null` until it has come to the end. */
  readonly finishedAtMs: number | null;
  /** Where it is and what it found, as JSON. */
  readonly progress: string;
}

export async function findScrub(queries: Queries): Promise<ScrubRecord | undefined> {
  return queries
    .selectFrom("scrubs")
    .select([
      "owner",
      "started_at_ms as startedAtMs",
      "updated_at_ms as updatedAtMs",
      "finished_at_ms as finishedAtMs",
      "progress",
    ])
    .executeTakeFirst();
}

/** Puts the record in the place of the one that is there. */
export async function putScrub(queries: Queries, record: ScrubRecord): Promise<void> {
  const columns = {
    owner: record.owner,
    started_at_ms: record.startedAtMs,
    updated_at_ms: record.updatedAtMs,
    finished_at_ms: record.finishedAtMs,
    progress: record.progress,
  };
  await queries
    .insertInto("scrubs")
    .values({ id: 1, ...columns })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
    .execute();
}
