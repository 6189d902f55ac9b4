import { type Kysely, type Migration, sql } from "kysely";

/** What was told of quotas, and how much namespaces hold for how long. */
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

  // Of top-level namespaces, of nodes with a quota, and of the root.
  `create table stored_now (
    node text primary key,
    at_ms integer not null,
    stored_bytes integer not null,
    deduped_bytes integer not null,
    unique_bytes integer not null
  ) without rowid`,
  `create table stored_days (
    node text not null,
    day text not null,
    hours real not null,
    stored_byte_hours real not null,
    deduped_byte_hours real not null,
    unique_byte_hours real not null,
    primary key (node, day)
  ) without rowid`,
  `create index stored_days_by_day on stored_days (day)`,
  // One row, once it was measured.
  `create table stored_bin (
    id integer primary key check (id = 1),
    bytes integer not null
  )`,
];
