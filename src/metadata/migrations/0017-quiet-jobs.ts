import { type Kysely, type Migration, sql } from "kysely";

/** What of jobs is not worth being remembered. */
export const quietJobs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table jobs add column is_quiet integer not null default 0`,
  // One row of a kind: the next one takes its place.
  `create index jobs_quiet on jobs (kind) where is_quiet = 1`,
];
