import { type Kysely, type Migration, sql } from "kysely";

/** What was moved, by day, repository and person; and when tags were pulled last. */
export const usage: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table usage (
    day text not null,
    repository text not null,
    principal text not null,
    pulls integer not null,
    pushes integer not null,
    received_bytes integer not null,
    sent_bytes integer not null,
    primary key (day, repository, principal)
  ) without rowid`,
  // It goes with the tag.
  `create table tag_pulls (
    repository_id integer not null,
    tag text not null,
    pulls integer not null,
    last_pulled_at_ms integer not null,
    primary key (repository_id, tag),
    foreign key (repository_id, tag) references tags (repository_id, name) on delete cascade
  ) without rowid`,
];
