import { type Kysely, type Migration, sql } from "kysely";

/** What of jobs is not worth being remembered, and how far some of them are. */
export const quietUpkeep: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table jobs add column is_quiet integer not null default 0`,
  // One row of a kind: the next one takes its place.
  `create index jobs_quiet on jobs (kind) where is_quiet = 1`,

  // How far the histories of tags were looked through. Numbers are given out again once the last row has gone.
  `create trigger tag_change_gone_shortened after delete on tag_history
    when old.id > (select coalesce(max(id), 0) from tag_history) begin
    update counters set value = min(value, (select coalesce(max(id), 0) from tag_history)) where room = 'history';
  end`,
];
