import { type Kysely, type Migration, sql } from "kysely";
import { isWithin } from "./0010-quotas.ts";

/** Which repositories are shown, which names they had before, and which deletes wait for a second person. */
export const names: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const leaving = `select path from quota_repositories where repository_id = new.id and not ${isWithin("new.name", "path")}`;
const entering = `select path from quota_uses where ${isWithin("new.name", "path")}
  and path not in (select path from quota_repositories where repository_id = new.id)`;
/** Of the blobs of the repository those that nobody else at the node has, by how many have them. */
const bytesOfBlobs = (links: number) => `(select coalesce(sum(b.size_bytes), 0) from repository_blobs rb
  join quota_blobs qb on qb.path = quota_uses.path and qb.blob_id = rb.blob_id join blobs b on b.id = rb.blob_id
  where rb.repository_id = new.id and qb.links = ${links})`;
const TAGS = `(select count(*) from tags where repository_id = new.id)`;

const nodesOf = (repositoryId: string) => `select path from quota_repositories where repository_id = ${repositoryId}`;

const STATEMENTS = [
  // Without a manifest, and so without a tag. Its row stays, as history and the bin are of it.
  `alter table repositories add column is_empty integer not null default 1`,
  `update repositories set is_empty = 0
    where exists (select 1 from manifests m where m.repository_id = repositories.id)`,
  `create index repositories_shown on repositories (name) where is_empty = 0`,
  `create trigger manifest_made_shown after insert on manifests begin
    update repositories set is_empty = 0 where id = new.repository_id and is_empty = 1;
  end`,
  `create trigger manifest_gone_shown after delete on manifests
    when not exists (select 1 from manifests where repository_id = old.repository_id) begin
    update repositories set is_empty = 1 where id = old.repository_id;
  end`,

  // Quotas count what is shown.
  `drop trigger quota_counted`,
  `create trigger quota_counted after insert on quota_uses begin
    insert into quota_repositories (repository_id, path)
      select r.id, new.path from repositories r where ${isWithin("r.name", "new.path")};
    insert into quota_blobs (path, blob_id, links)
      select new.path, rb.blob_id, count(*) from quota_repositories qr
      join repository_blobs rb on rb.repository_id = qr.repository_id
      where qr.path = new.path group by rb.blob_id;
    update quota_uses set
      bytes = (select coalesce(sum(b.size_bytes), 0) from quota_blobs qb join blobs b on b.id = qb.blob_id
        where qb.path = new.path),
      tags = (select count(*) from quota_repositories qr join tags t on t.repository_id = qr.repository_id
        where qr.path = new.path),
      repositories = (select count(*) from quota_repositories qr join repositories r on r.id = qr.repository_id
        where qr.path = new.path and r.is_empty = 0)
      where path = new.path;
  end`,
  `drop trigger repository_made_quota`,
  `create trigger repository_made_quota after insert on repositories begin
    insert into quota_repositories (repository_id, path)
      select new.id, path from quota_uses where ${isWithin("new.name", "path")};
    update quota_uses set repositories = repositories + 1
      where new.is_empty = 0 and path in (${nodesOf("new.id")});
  end`,
  `drop trigger repository_gone_quota`,
  `create trigger repository_gone_quota after delete on repositories begin
    update quota_uses set repositories = repositories - 1
      where old.is_empty = 0 and path in (${nodesOf("old.id")});
    delete from quota_repositories where repository_id = old.id;
  end`,
  `create trigger repository_shown_quota after update of is_empty on repositories
    when new.is_empty <> old.is_empty begin
    update quota_uses set repositories = repositories + old.is_empty - new.is_empty
      where path in (${nodesOf("new.id")});
  end`,
  `update quota_uses set repositories = (
    select count(*) from quota_repositories qr join repositories r on r.id = qr.repository_id
    where qr.path = quota_uses.path and r.is_empty = 0)`,

  // By the row's number, so that a name that was moved twice leads where it is now.
  `create table repository_moves (
    name text primary key,
    repository_id integer not null references repositories (id) on delete cascade,
    moved_at_ms integer not null,
    serves_until_ms integer not null,
    actor text
  ) without rowid`,
  `create index repository_moves_by_repository on repository_moves (repository_id)`,
  // Where nothing was ever moved, nobody who asks for what is not there looks for it.
  `create trigger repository_moved_counted after insert on repository_moves begin
    insert into counters (room, name, value) values ('names', 'moves', 1)
      on conflict (room, name) do update set value = value + 1;
  end`,
  // Who has a name again has it for themself.
  `create trigger repository_made_moves after insert on repositories begin
    delete from repository_moves where name = new.name;
  end`,
  `create trigger repository_renamed_moves after update of name on repositories begin
    delete from repository_moves where name = new.name;
    update tag_watches set is_changed = 1 where repository_id = new.id;
  end`,
  `create trigger repository_renamed_quota after update of name on repositories when new.name <> old.name begin
    update quota_blobs set links = links - 1 where path in (${leaving})
      and blob_id in (select blob_id from repository_blobs where repository_id = new.id);
    update quota_uses set bytes = bytes - ${bytesOfBlobs(0)}, tags = tags - ${TAGS},
      repositories = repositories - 1 + new.is_empty where path in (${leaving});
    delete from quota_blobs where links = 0 and path in (${leaving})
      and blob_id in (select blob_id from repository_blobs where repository_id = new.id);
    insert into quota_blobs (path, blob_id, links)
      select n.path, rb.blob_id, 1 from repository_blobs rb, (${entering}) n where rb.repository_id = new.id
      on conflict (path, blob_id) do update set links = links + 1;
    update quota_uses set bytes = bytes + ${bytesOfBlobs(1)}, tags = tags + ${TAGS},
      repositories = repositories + 1 - new.is_empty where path in (${entering});
    delete from quota_repositories where repository_id = new.id and not ${isWithin("new.name", "path")};
    insert into quota_repositories (repository_id, path) select new.id, path from (${entering});
  end`,

  // Numbers are told to people: one is never given again.
  `create table delete_requests (
    id integer primary key autoincrement,
    path text not null,
    subject text not null,
    target text not null,
    work text not null,
    requested_by text,
    requested_at_ms integer not null,
    expires_at_ms integer not null,
    state text not null check (state in ('open', 'approved', 'refused')),
    decided_by text,
    decided_at_ms integer
  )`,
  `create unique index delete_requests_open on delete_requests (path, subject) where state = 'open'`,
  `create index delete_requests_by_end on delete_requests (expires_at_ms)`,
];
