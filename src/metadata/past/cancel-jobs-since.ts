import { sql } from "kysely";
import type { Queries } from "../database.ts";
import { endJob } from "../jobs/claims.ts";

export interface JobsSince {
  readonly sinceMs: number;
  readonly nowMs: number;
}

/**
 * Ends what people asked for after a time and what is not done yet, also what was begun, in a database that nobody serves. What comes by
 * itself stays.
 * @returns how many jobs
 */
export async function cancelJobsSince(queries: Queries, { sinceMs, nowMs }: JobsSince): Promise<number> {
  const { rows } = await sql<{ id: number; fence: number }>`
    select id, fence from jobs where ended_at_ms is null and created_at_ms > ${sinceMs}
      and (requested_by is not null or input ->> '$.requester' is not null)`.execute(queries);
  for (const { id, fence } of rows) await endJob(queries, { id, fence, state: "cancelled", nowMs });
  return rows.length;
}
