import { type Kysely, type Migration, sql } from "kysely";

/** What rules of retention removed, and what was moved, has a cause of its own in the history of tags; with a reason, or the other place. */
export const causesInHistory: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const COLUMNS = "id, repository_id, tag, digest, from_digest, from_since_ms, at_ms, cause, actor, address";

const STATEMENTS = [
  // SQLite changes no check of a column: the table is made anew. Most rows have neither a reason nor another place, which take a byte each.
  `create table new_tag_history (
    id integer primary key,
    repository_id integer not null references repositories (id) on delete cascade,
    tag text not null,
    digest text,
    from_digest text,
    from_since_ms integer,
    at_ms integer not null,
    cause text not null check (
      cause in ('push', 'import', 'rollback', 'restore', 'delete', 'expiry', 'retention', 'clean-up', 'move')),
    actor text,
    address text,
    reason text,
    other_place text
  )`,
  `insert into new_tag_history (${COLUMNS}) select ${COLUMNS} from tag_history order by id`,
  // Its triggers and its index go with it.
  `drop table tag_history`,
  `alter table new_tag_history rename to tag_history`,

  // As they were.
  `create index tag_history_by_tag on tag_history (repository_id, tag)`,
  `create trigger tag_change_gone_described after delete on tag_history begin
    update descriptions set tag_change_id = min(tag_change_id, (select coalesce(max(id), 0) from tag_history));
  end`,
  `create trigger tag_change_gone_shortened after delete on tag_history
    when old.id > (select coalesce(max(id), 0) from tag_history) begin
    update counters set value = min(value, (select coalesce(max(id), 0) from tag_history)) where room = 'history';
  end`,
];
