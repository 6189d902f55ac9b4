import type { Generated } from "kysely";

/** The tables of work after the answer. */
export interface JobsSchema {
  jobs: JobsTable;
  job_kinds: JobKindsTable;
}

export const JOB_STATES = ["waiting", "running", "succeeded", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

interface JobsTable {
  id: Generated<number>;
  kind: string;
  /** Of all open jobs of a kind one has it; `null`: there may be any number. */
  open_key: string | null;
  state: JobState;
  /** JSON. */
  input: string;
  /** Who wanted it; `null`: a schedule, or the registry itself. */
  requested_by: string | null;
  created_at_ms: number;
  /** When a waiting one is to begin, and the lease of a running one is over; `null` once it has ended. */
  due_at_ms: number | null;
  /** Of its first attempt. */
  started_at_ms: number | null;
  ended_at_ms: number | null;
  /** How often it was begun, not counting attempts that were given back in an orderly way. */
  attempts: Generated<number>;
  /** One more with every claim: who has an older one has lost the lease. */
  fence: Generated<number>;
  is_cancel_wanted: Generated<0 | 1>;
  /** It came by itself and ended well, and nobody misses it once the next one of its kind has. */
  is_quiet: Generated<0 | 1>;
  /** JSON: how far it is, and from where another would go on. */
  progress: string | null;
  /** JSON, of one that succeeded. */
  result: string | null;
  /** What the last attempt that did not succeed said, for people. */
  problem: string | null;
}

/** A row for each kind that has a schedule, or ever succeeded. */
interface JobKindsTable {
  kind: string;
  /** As it was planned by, so that another is noticed; `null`: nothing comes by itself. */
  schedule: string | null;
  /** From the end of a run to the next; `null`: it goes by the time of day, or not by itself. */
  interval_ms: number | null;
  /** When the next one is to be made. */
  due_at_ms: number | null;
  succeeded_at_ms: number | null;
}
