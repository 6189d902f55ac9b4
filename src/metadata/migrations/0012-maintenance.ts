import { type Kysely, type Migration, sql } from "kysely";

/** What is switched at run time, and how far storage describes what there is. */
export const maintenance: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/** What is being looked at already is looked at once more. */
const undescribed = (rows: string) => `insert into undescribed (kind, repository, digest) ${rows}
      on conflict (kind, repository, digest) do update set is_under_way = 0;`;

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

  // At most one row. Manifests and changes of tags up to these numbers are described in the storage that has this name.
  `create table descriptions (
    id integer primary key check (id = 1),
    place text not null,
    manifest_id integer not null,
    tag_change_id integer not null,
    whole_at_ms integer
  )`,
  // By the name of the repository as well, as that is where the files are, whatever becomes of its row.
  `create table described_manifests (
    digest text not null,
    repository text not null,
    repository_id integer not null,
    is_gone integer not null,
    primary key (digest, repository)
  ) without rowid`,
  `create index described_manifests_gone on described_manifests (digest) where is_gone = 1`,
  `create table undescribed (
    kind text not null check (kind in ('link', 'repository')),
    repository text not null,
    digest text not null,
    is_under_way integer not null default 0,
    primary key (kind, repository, digest)
  ) without rowid`,

  // A push pays nothing: what is new is found by its number. One that the last row had is given out again, so that it counts anew.
  `create trigger manifest_gone_described after delete on manifests begin
    update described_manifests set is_gone = 1 where digest = old.digest and repository_id = old.repository_id;
    update descriptions set manifest_id = min(manifest_id, (select coalesce(max(id), 0) from manifests));
  end`,
  // Tags that point at it may have been put there while it was lost, and are described where they pointed before.
  `create trigger manifest_restored_described after update of size_bytes on manifests
    when old.size_bytes = 0 and new.size_bytes > 0 begin
    update descriptions set manifest_id = min(manifest_id, new.id - 1);
    ${undescribed(`select 'repository', r.name, '' from repositories r
      where r.id = new.repository_id and exists (select 1 from descriptions)
        and exists (select 1 from tags t where t.manifest_id = new.id)`)}
  end`,
  `create trigger tag_change_gone_described after delete on tag_history begin
    update descriptions set tag_change_id = min(tag_change_id, (select coalesce(max(id), 0) from tag_history));
  end`,
  `create trigger link_gone_described after delete on repository_blobs
    when exists (select 1 from descriptions) begin
    ${undescribed(`select 'link', r.name, b.digest from repositories r, blobs b
      where r.id = old.repository_id and b.id = old.blob_id`)}
  end`,
  // A blob comes before what names it, and is described with that; but for one that had gone, or was damaged, and is pushed anew.
  `create trigger link_made_described after insert on repository_blobs
    when exists (select 1 from descriptions) and exists (select 1 from blobs b
      join manifest_references r on r.digest = b.digest and r.repository_id = new.repository_id where b.id = new.blob_id) begin
    ${undescribed(`select 'link', r.name, b.digest from repositories r, blobs b
      where r.id = new.repository_id and b.id = new.blob_id`)}
  end`,
  `create trigger blob_whole_described after update of lost_reason on blobs
    when old.lost_reason is not null and new.lost_reason is null and exists (select 1 from descriptions) begin
    ${undescribed(`select 'link', r.name, new.digest from repository_blobs rb join repositories r on r.id = rb.repository_id
      where rb.blob_id = new.id and exists (
        select 1 from manifest_references m where m.digest = new.digest and m.repository_id = rb.repository_id)`)}
  end`,
  `create trigger repository_gone_described before delete on repositories
    when exists (select 1 from descriptions) begin
    update described_manifests set is_gone = 1 where repository_id = old.id;
    ${undescribed(`values ('repository', old.name, '')`)}
  end`,
  `create trigger repository_renamed_described after update of name on repositories
    when old.name <> new.name and exists (select 1 from descriptions) begin
    update described_manifests set is_gone = 1 where repository_id = old.id;
    ${undescribed(`values ('repository', old.name, ''), ('repository', new.name, '')`)}
  end`,
];
