import { type Kysely, type Migration, sql } from "kysely";
import { NOW } from "./candidate-statements.ts";

/** What clusters say that they are running. */
export const inUse: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table in_use_clusters (
    name text primary key,
    heard_at_ms integer not null,
    holds_until_ms integer not null
  ) without rowid`,
  // By name, as a cluster may run what is not there, or is pushed later.
  `create table in_use_leases (
    cluster text not null references in_use_clusters (name) on delete cascade,
    repository text not null,
    digest text not null,
    since_ms integer not null,
    primary key (cluster, repository, digest)
  ) without rowid`,
  `create index in_use_leases_by_image on in_use_leases (repository, digest)`,
  // What was held is looked at; an orphan stays one.
  `create trigger lease_gone after delete on in_use_leases begin
    insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    select 'manifest', m.repository_id, m.id, 0, ${NOW} from repositories r
      join manifests m on m.repository_id = r.id and m.digest = old.digest
      where r.name = old.repository
    on conflict (kind, repository_id, target_id) do update set since_ms = excluded.since_ms;
  end`,
];
