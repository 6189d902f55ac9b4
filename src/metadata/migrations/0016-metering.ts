import { type Kysely, type Migration, sql } from "kysely";

/** What was told of quotas. */
export const metering: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table quota_alarms (
    path text not null,
    quantity text not null,
    kind text not null check (kind in ('warn', 'refused')),
    at_ms integer not null,
    primary key (path, quantity, kind)
  ) without rowid`,
  // Not with `quota_uses`, which are removed and made again to count anew.
  `create trigger quota_alarms_over after delete on node_settings when old.name = 'quota' begin
    delete from quota_alarms where path = old.path;
  end`,
];
