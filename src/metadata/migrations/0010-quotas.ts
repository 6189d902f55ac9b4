import { type Kysely, type Migration, sql } from "kysely";

/** How much the nodes hold that have a quota, counted in the transactions that change it. */
export const quotas: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/** Whether a repository is the node or below it, as by `stretchBelow`. */
export const isWithin = (name: string, path: string) => `(${name} = ${path} or (
  ${name} > case ${path} when '' then '' else ${path} || '/' end
  and ${name} < case ${path} when '' then '~' else ${path} || '/~' end))`;

const nodesOf = (repositoryId: string) => `select path from quota_repositories where repository_id = ${repositoryId}`;
const sizeOf = (blobId: string) => `(select size_bytes from blobs where id = ${blobId})`;

// Only nodes with a quota have rows: without quotas a push pays some looks at nothing.
const STATEMENTS = [
  `create table quota_uses (
    path text primary key,
    bytes integer not null,
    tags integer not null,
    repositories integer not null
  ) without rowid`,
  `create table quota_repositories (
    repository_id integer not null,
    path text not null,
    primary key (repository_id, path)
  ) without rowid`,
  `create index quota_repositories_by_path on quota_repositories (path)`,
  // So that a blob counts once, however many repositories of the node have it.
  `create table quota_blobs (
    path text not null,
    blob_id integer not null,
    links integer not null,
    primary key (path, blob_id)
  ) without rowid`,
  `create index quota_blobs_by_blob on quota_blobs (blob_id)`,

  // It is counted from the moment on at which it is said, whoever says it or takes it back.
  `create trigger quota_said after insert on node_settings when new.name = 'quota' begin
    insert into quota_uses (path, bytes, tags, repositories) values (new.path, 0, 0, 0);
  end`,
  `create trigger quota_taken_back after delete on node_settings when old.name = 'quota' begin
    delete from quota_uses where path = old.path;
  end`,
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
      repositories = (select count(*) from quota_repositories where path = new.path)
      where path = new.path;
  end`,
  `create trigger quota_uncounted after delete on quota_uses begin
    delete from quota_blobs where path = old.path;
    delete from quota_repositories where path = old.path;
  end`,

  `create trigger repository_made_quota after insert on repositories begin
    insert into quota_repositories (repository_id, path)
      select new.id, path from quota_uses where ${isWithin("new.name", "path")};
    update quota_uses set repositories = repositories + 1 where path in (${nodesOf("new.id")});
  end`,
  `create trigger repository_gone_quota after delete on repositories begin
    update quota_uses set repositories = repositories - 1 where path in (${nodesOf("old.id")});
    delete from quota_repositories where repository_id = old.id;
  end`,
  `create trigger tag_made_quota after insert on tags begin
    update quota_uses set tags = tags + 1 where path in (${nodesOf("new.repository_id")});
  end`,
  `create trigger tag_gone_quota after delete on tags begin
    update quota_uses set tags = tags - 1 where path in (${nodesOf("old.repository_id")});
  end`,
  `create trigger link_made_quota after insert on repository_blobs begin
    insert into quota_blobs (path, blob_id, links)
      select path, new.blob_id, 1 from quota_repositories where repository_id = new.repository_id
      on conflict (path, blob_id) do update set links = links + 1;
    update quota_uses set bytes = bytes + ${sizeOf("new.blob_id")}
      where path in (${nodesOf("new.repository_id")})
      and (select links from quota_blobs qb where qb.path = quota_uses.path and qb.blob_id = new.blob_id) = 1;
  end`,
  `create trigger link_gone_quota after delete on repository_blobs begin
    update quota_blobs set links = links - 1
      where blob_id = old.blob_id and path in (${nodesOf("old.repository_id")});
    update quota_uses set bytes = bytes - ${sizeOf("old.blob_id")}
      where path in (${nodesOf("old.repository_id")})
      and (select links from quota_blobs qb where qb.path = quota_uses.path and qb.blob_id = old.blob_id) = 0;
    delete from quota_blobs
      where blob_id = old.blob_id and links = 0 and path in (${nodesOf("old.repository_id")});
  end`,
  // A scrub or a push may find that a blob has another size than was on record.
  `create trigger blob_resized_quota after update of size_bytes on blobs when new.size_bytes <> old.size_bytes begin
    update quota_uses set bytes = bytes + new.size_bytes - old.size_bytes
      where path in (select path from quota_blobs where blob_id = new.id);
  end`,
];
