import { type Kysely, type Migration, sql } from "kysely";

/** When a repository got its name, and when something was imported into it: what is in it is older by its own times. */
export const arrivals: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table repositories add column named_at_ms integer not null default 0`,
  `update repositories set named_at_ms = (
    select coalesce(max(moved_at_ms), 0) from repository_moves where repository_id = repositories.id)`,
  `alter table repositories add column imported_at_ms integer not null default 0`,
];
