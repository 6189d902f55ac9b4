import { type Kysely, type Migration, sql } from "kysely";
import { NOW } from "./candidate-statements.ts";

/** What keeps tags, and when they were last used; and which bytes storage is asked to remove and has not answered yet. */
export const keepsAndUses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `alter table blobs add column removing_since_ms integer`,
  // Whoever gives a repository the blob undoes its condemnation: not while its bytes may still go, or it would be broken.
  `create trigger blob_being_removed before update of condemned_at_ms on blobs
    when new.condemned_at_ms is null and old.removing_since_ms is not null begin
    select raise(abort, 'storage is still removing the bytes of this blob');
  end`,

  // Whoever may do nothing but report speaks for the clusters that nobody else has spoken for.
  `alter table in_use_clusters add column reported_by text`,

  // It goes with the tag. Of those that are there nobody knows since when they were not used: they get their time from now on.
  `create table tag_uses (
    repository_id integer not null,
    tag text not null,
    last_used_at_ms integer not null,
    is_guessed integer not null,
    primary key (repository_id, tag),
    foreign key (repository_id, tag) references tags (repository_id, name) on delete cascade
  ) without rowid`,
  `insert into tag_uses (repository_id, tag, last_used_at_ms, is_guessed) select repository_id, name, ${NOW}, 1 from tags`,

  // What somebody wants to stay: a tag, wherever it points, or a manifest with all its tags.
  `create table keeps (
    repository_id integer not null references repositories (id) on delete cascade,
    reference text not null,
    reason text not null,
    until_ms integer,
    actor text,
    at_ms integer not null,
    primary key (repository_id, reference)
  ) without rowid`,
  // What was kept is looked at; an orphan stays one.
  `create trigger keep_gone after delete on keeps begin
    insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    select 'manifest', m.repository_id, m.id, 0, ${NOW} from manifests m
      where m.repository_id = old.repository_id and m.digest = old.reference
    on conflict (kind, repository_id, target_id) do update set since_ms = excluded.since_ms;
  end`,

  // What an image says of itself that keeps its tags.
  `create table manifest_marks (
    manifest_id integer primary key references manifests (id) on delete cascade,
    name text not null,
    value text not null
  )`,
  // Whoever judges the tags looks again.
  `create trigger mark_made_watched after insert on manifest_marks begin
    update tag_watches set is_changed = 1
    where repository_id = (select repository_id from manifests where id = new.manifest_id);
  end`,
];
