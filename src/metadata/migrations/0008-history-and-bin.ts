import { type Kysely, type Migration, sql } from "kysely";

/** Every tag's history, and the bin that what clients delete goes into. */
export const historyAndBin: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/** Milliseconds since the Unix epoch. */
const NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** As in the migration of the candidates. */
const candidates = (select: string) => `
  insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms) ${select}
  on conflict (kind, repository_id, target_id)
  do update set since_ms = excluded.since_ms, is_orphan = max(is_orphan, excluded.is_orphan);`;

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
    ${candidates(`select 'manifest', m.repository_id, m.id, 1, ${NOW}
      from manifests m where m.repository_id = old.repository_id and m.subject_digest = old.digest`)}
    ${candidates(`select 'manifest', t.repository_id, t.manifest_id, 1, ${NOW}
      from tags t where t.repository_id = old.repository_id and t.name in (${attachedTags("old.digest")})`)}
  end`,
];

/** The tags by which cosign and older clients attach something to a manifest that they have no field for. */
function attachedTags(digest: string): string {
  const name = `replace(${digest}, ':', '-')`;
  return [name, ...["sig", "att", "sbom"].map((suffix) => `${name} || '.${suffix}'`)].join(", ");
}
