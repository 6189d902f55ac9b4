import { type Kysely, type Migration, sql } from "kysely";

/** What is switched at run time. */
export const maintenance: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // There is a row while it is on, or was until its time was over.
  `create table switches (
    room text not null,
    name text not null,
    reason text,
    actor text,
    since_ms integer not null,
    until_ms integer,
    primary key (room, name)
  ) without rowid`,
];
