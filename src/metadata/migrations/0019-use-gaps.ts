import { type Kysely, type Migration, sql } from "kysely";

/** When no use of tags was put on record. */
export const useGaps: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table use_gaps (
    from_ms integer primary key,
    to_ms integer not null
  )`,
  // Nobody knows how long the registry has been off: since the last sign of life at most. A new one has none.
  `insert into counters (room, name, value)
    select 'usage', 'recorded until', max(at_ms) from (
      select max(updated_at_ms) as at_ms from tags
      union all select max(last_used_at_ms) from tag_uses where is_guessed = 0
      union all select max(heard_at_ms) from in_use_clusters
      union all select max(ended_at_ms) from jobs)
    having max(at_ms) is not null`,
];
