import { type Kysely, type Migration, sql } from "kysely";
import { ATTACHED_CANDIDATES, candidates, NOW } from "./candidate-statements.ts";

/** What nobody names any more, from the moment on at which that may be so; and what was removed for it. */
export const garbage: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // So that whether a repository still names a digest is one look, however many others name it.
  `alter table manifest_references add column repository_id integer not null default 0`,
  `update manifest_references set repository_id = (select repository_id from manifests where id = manifest_id)`,
  `drop index manifest_references_by_digest`,
  `create index manifest_references_by_digest on manifest_references (digest, repository_id)`,

  // Some of what it has belongs to manifests that an import could not take over: blobs that no manifest names stay.
  `alter table repositories add column is_partly_imported integer not null default 0`,

  // Set once no repository has the blob: its bytes go some time after, and its row behind them.
  `alter table blobs add column condemned_at_ms integer`,
  `create index blobs_condemned on blobs (condemned_at_ms) where condemned_at_ms is not null`,
  // Imported blobs may lie in the place of another digest of theirs.
  `create index blobs_elsewhere on blobs (storage_key) where digest not like 'sha256:%'`,

  `create table garbage_candidates (
    id integer primary key,
    kind text not null check (kind in ('link', 'blob', 'manifest')),
    repository_id integer not null,
    target_id integer not null,
    is_orphan integer not null,
    since_ms integer not null,
    unique (kind, repository_id, target_id)
  )`,
  `create index garbage_candidates_by_age on garbage_candidates (kind, since_ms)`,
  `create table removals (
    id integer primary key,
    kind text not null check (kind in ('link', 'blob', 'manifest')),
    digest text not null,
    repository text,
    size_bytes integer not null,
    reason text not null,
    run text not null,
    at_ms integer not null
  )`,
  `create index removals_by_digest on removals (digest)`,
  `create index removals_by_age on removals (at_ms)`,

  `create trigger link_made after insert on repository_blobs begin
    update blobs set condemned_at_ms = null where id = new.blob_id and condemned_at_ms is not null;
    ${candidates(`values ('link', new.repository_id, new.blob_id, 0, new.linked_at_ms)`)}
  end`,
  `create trigger link_renewed after update of linked_at_ms on repository_blobs begin
    ${candidates(`values ('link', new.repository_id, new.blob_id, 0, new.linked_at_ms)`)}
  end`,
  `create trigger link_gone after delete on repository_blobs begin
    ${candidates(`values ('blob', 0, old.blob_id, 0, ${NOW})`)}
  end`,
  `create trigger blob_revived after update of condemned_at_ms on blobs when new.condemned_at_ms is null begin
    ${candidates(`values ('blob', 0, new.id, 0, ${NOW})`)}
  end`,
  `create trigger reference_gone after delete on manifest_references begin
    ${candidates(`select 'link', old.repository_id, b.id, 0, ${NOW} from blobs b where b.digest = old.digest`)}
  end`,
  `create trigger manifest_made after insert on manifests begin
    ${candidates(`values ('manifest', new.repository_id, new.id, 0, new.created_at_ms)`)}
  end`,
  // Before, as afterwards nobody knows what it named.
  `create trigger manifest_going before delete on manifests begin
    ${candidates(`select 'manifest', c.repository_id, c.id, 1, ${NOW}
      from manifest_references r join manifests c on c.repository_id = r.repository_id and c.digest = r.digest
      where r.manifest_id = old.id and r.kind = 'manifest'`)}
    ${ATTACHED_CANDIDATES}
  end`,
  `create trigger manifest_gone after delete on manifests begin
    delete from garbage_candidates
    where kind = 'manifest' and repository_id = old.repository_id and target_id = old.id;
  end`,
  `create trigger tag_moved after update of manifest_id on tags when old.manifest_id <> new.manifest_id begin
    ${candidates(`values ('manifest', old.repository_id, old.manifest_id, 0, ${NOW})`)}
  end`,
  `create trigger tag_gone after delete on tags begin
    ${candidates(`select 'manifest', repository_id, id, 0, ${NOW} from manifests where id = old.manifest_id`)}
  end`,

  // What was there before is looked at like what comes from now on. Clean-up had not been there so far: it gets its time.
  candidates(`select 'link', rb.repository_id, rb.blob_id, 0, ${NOW} from repository_blobs rb
    join blobs b on b.id = rb.blob_id where not exists (
      select 1 from manifest_references r where r.digest = b.digest and r.repository_id = rb.repository_id)`),
  candidates(`select 'blob', 0, b.id, 0, ${NOW} from blobs b
    where not exists (select 1 from repository_blobs rb where rb.blob_id = b.id)`),
  candidates(`select 'manifest', m.repository_id, m.id, 0, ${NOW} from manifests m
    where not exists (select 1 from tags t where t.manifest_id = m.id)`),
];
