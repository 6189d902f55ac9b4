import type { Database } from "bun:sqlite";

/**
 * What to do with SQLite's log: only look at it (`noop`), move into the database what nobody stands in the way of
 * (`passive`), move all of it while writers wait, so that the log begins anew (`restart`), or give its space back, too
 * (`truncate`).
 */
export type CheckpointMode = "noop" | "passive" | "restart" | "truncate";

/** How much was done, and what is left. */
export interface Checkpoint {
  /** Another connection stood in the way: not all was done. */
  readonly isBusy: boolean;
  /** Pages in the log, each as often as it was written. */
  readonly pages: number;
  /** Of these, how many need not be moved any more. */
  readonly movedPages: number;
}

/** @throws SQLiteError */
export function checkpoint(connection: Database, mode: CheckpointMode): Checkpoint {
  const [row] = connection.query<unknown, []>(`pragma wal_checkpoint(${mode})`).values();
  const [busy, pages, movedPages] = row as [busy: number, pages: number, movedPages: number];
  return { isBusy: busy !== 0, pages, movedPages };
}
