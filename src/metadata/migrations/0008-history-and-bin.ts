import { type Kysely, type Migration, sql } from "kysely";
import { ATTACHED_CANDIDATES, candidates, NOW } from "./candidate-statements.ts";

/** Every tag's history, and the bin that what clients delete goes into. */
export const historyAndBin: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // One index only, as each push that moves a tag writes it; what is old is found by the number of its row.
  `create table tag_history (
    id integer primary key,
    repository_id integer not null references repositories (id) on delete cascade,
    tag text not null,
    digest text,
    from_digest text,
    from_since_ms integer,
    at_ms integer not null,
    cause text not null check (cause in ('push', 'import', 'rollback', 'restore', 'delete', 'expiry', 'clean-up')),
    actor text,
    address text
  )`,
  `create index tag_history_by_tag on tag_history (repository_id, tag)`,

  // The number of an entry is never given out again: people write it down.
  `create table bin_entries (
    id integer primary key autoincrement,
    repository_id integer not null references repositories (id) on delete cascade,
    kind text not null check (kind in ('manifest', 'tag')),
    digest text not null,
    media_type text not null,
    size_bytes integer not null,
    deleted_at_ms integer not null,
    expires_at_ms integer not null,
    actor text,
    address text,
    body blob
  )`,
  `create index bin_entries_by_digest on bin_entries (repository_id, digest)`,
  `create index bin_entries_by_end on bin_entries (expires_at_ms)`,
  `create table bin_tags (
    entry_id integer not null references bin_entries (id) on delete cascade,
    name text not null,
    primary key (entry_id, name)
  ) without rowid`,
  `create table bin_references (
    entry_id integer not null references bin_entries (id) on delete cascade,
    repository_id integer not null,
    kind text not null check (kind in ('blob', 'manifest', 'tagged')),
    digest text not null,
    is_linked integer not null,
    primary key (entry_id, kind, digest)
  ) without rowid`,
  `create index bin_references_by_digest on bin_references (digest, repository_id)`,

  // What leaves the bin, restored or not, is looked at: with it goes what it kept.
  `create trigger bin_reference_gone after delete on bin_references begin
    ${candidates(`select 'link', old.repository_id, b.id, 0, ${NOW} from blobs b
      where old.kind <> 'tagged' and b.digest = old.digest`)}
    ${candidates(`select 'blob', 0, b.id, 0, ${NOW} from blobs b where old.is_linked = 1 and b.digest = old.digest`)}
    ${candidates(`select 'manifest', m.repository_id, m.id, old.kind = 'manifest', ${NOW} from manifests m
      where old.kind <> 'blob' and m.repository_id = old.repository_id and m.digest = old.digest`)}
  end`,
  `create trigger bin_entry_gone after delete on bin_entries when old.kind = 'manifest' begin
    ${ATTACHED_CANDIDATES}
  end`,
];
