import { type Kysely, type Migration, sql } from "kysely";

/** Repositories, blobs, manifests, tags and upload sessions. */
export const core: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table repositories (
    id integer primary key,
    name text not null unique,
    created_at_ms integer not null
  )`,
  `create table blobs (
    id integer primary key,
    digest text not null unique,
    size_bytes integer not null,
    storage_key text not null,
    created_at_ms integer not null
  )`,
  `create table repository_blobs (
    repository_id integer not null references repositories (id) on delete cascade,
    blob_id integer not null references blobs (id),
    linked_at_ms integer not null,
    primary key (repository_id, blob_id)
  ) without rowid`,
  `create index repository_blobs_by_blob on repository_blobs (blob_id)`,
  `create table manifests (
    id integer primary key,
    repository_id integer not null references repositories (id) on delete cascade,
    digest text not null,
    media_type text not null,
    artifact_type text,
    subject_digest text,
    annotations text,
    size_bytes integer not null,
    created_at_ms integer not null,
    body blob not null,
    unique (repository_id, digest)
  )`,
  `create index manifests_by_subject on manifests (repository_id, subject_digest, digest) where subject_digest is not null`,
  `create table manifest_references (
    manifest_id integer not null references manifests (id) on delete cascade,
    position integer not null,
    kind text not null check (kind in ('blob', 'manifest')),
    digest text not null,
    media_type text not null,
    size_bytes integer not null,
    primary key (manifest_id, position)
  ) without rowid`,
  `create index manifest_references_by_digest on manifest_references (digest)`,
  `create table tags (
    repository_id integer not null references repositories (id) on delete cascade,
    name text not null,
    manifest_id integer not null references manifests (id) on delete cascade,
    updated_at_ms integer not null,
    primary key (repository_id, name)
  ) without rowid`,
  `create index tags_by_manifest on tags (manifest_id)`,
  `create table uploads (
    id text primary key,
    repository_name text not null,
    algorithm text not null,
    state text not null,
    started_at_ms integer not null,
    updated_at_ms integer not null
  ) without rowid`,
  `create index uploads_by_age on uploads (updated_at_ms)`,
];
