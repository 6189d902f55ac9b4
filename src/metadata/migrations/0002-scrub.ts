import { type Kysely, type Migration, sql } from "kysely";

/** Which blobs are lost, and how far the scrub is that looks for them. */
export const scrub: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

// Columns at the end, without a default, are added without touching a row; who reads the row has them for nothing.
const STATEMENTS = [
  `alter table blobs add column lost_reason text`,
  `alter table blobs add column lost_at_ms integer`,
  `create index blobs_lost on blobs (digest) where lost_reason is not null`,
  `create table scrubs (
    id integer primary key check (id = 1),
    owner text,
    started_at_ms integer not null,
    updated_at_ms integer not null,
    finished_at_ms integer,
    progress text not null
  )`,
];
