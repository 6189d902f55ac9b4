import { type Kysely, type Migration, sql } from "kysely";

/** Work after the answer: what is to be done, what was, and when each kind comes next by itself. */
export const jobs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // Numbers of jobs are told to people: one that was forgotten is never given again.
  `create table jobs (
    id integer primary key autoincrement,
    kind text not null,
    open_key text,
    state text not null check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    input text not null,
    requested_by text,
    created_at_ms integer not null,
    due_at_ms integer,
    started_at_ms integer,
    ended_at_ms integer,
    attempts integer not null default 0,
    fence integer not null default 0,
    is_cancel_wanted integer not null default 0,
    progress text,
    result text,
    problem text
  )`,
  `create unique index jobs_open on jobs (kind, open_key) where ended_at_ms is null and open_key is not null`,
  // Few rows: those that have ended are in neither. All that a look for something to do reads is in it.
  `create index jobs_due on jobs (kind, due_at_ms, state) where ended_at_ms is null`,
  `create index jobs_ended on jobs (ended_at_ms) where ended_at_ms is not null`,
  `create index jobs_by_kind on jobs (kind, id)`,
  `create table job_kinds (
    kind text primary key,
    schedule text,
    interval_ms integer,
    due_at_ms integer,
    succeeded_at_ms integer
  )`,
];
