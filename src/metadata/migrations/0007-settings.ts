import { type Kysely, type Migration, sql } from "kysely";

/** What nodes of the namespace tree say of tags and manifests, and what of it must be known of them. */
export const settings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table node_settings (
    path text not null,
    name text not null,
    value text not null,
    updated_at_ms integer not null,
    primary key (path, name)
  ) without rowid`,

  // Set by clean-up on what is old enough to be judged and too young to go by the rule of its node.
  `alter table garbage_candidates add column untagged_since_ms integer`,
  `create trigger candidate_renewed after update of since_ms on garbage_candidates
    when old.untagged_since_ms is not null begin
    update garbage_candidates set untagged_since_ms = null where id = new.id;
  end`,

  // Who judges the tags of a repository hears of changes. There is hardly ever a row, so that a push pays a look at nothing.
  `create table tag_watches (
    repository_id integer not null,
    run text not null,
    since_ms integer not null,
    is_changed integer not null,
    primary key (repository_id, run)
  ) without rowid`,
  `create trigger tag_made_watched after insert on tags begin
    update tag_watches set is_changed = 1 where repository_id = new.repository_id;
  end`,
  `create trigger tag_moved_watched after update of manifest_id, updated_at_ms on tags begin
    update tag_watches set is_changed = 1 where repository_id = new.repository_id;
  end`,
  `create trigger tag_gone_watched after delete on tags begin
    update tag_watches set is_changed = 1 where repository_id = old.repository_id;
  end`,

  `alter table tags add column expires_at_ms integer`,
  `alter table tags add column is_label_unread integer not null default 0`,
  `create index tags_unread on tags (is_label_unread) where is_label_unread = 1`,
  `create index tags_by_expiry on tags (expires_at_ms) where expires_at_ms is not null`,
];
