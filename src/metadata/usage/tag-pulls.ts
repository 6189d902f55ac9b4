import { sql } from "kysely";
import type { RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { repositoryOf } from "./tag-uses.ts";

/** Pulls of one reference. */
export interface ReferencePulls {
  readonly repository: RepositoryName;
  /** A tag, or a digest: then they are those of every tag that points at it. */
  readonly reference: string;
  readonly pulls: number;
  readonly lastAtMs: number;
}

/** Adds to what is on record of the tags that are there. */
export async function addTagPulls(queries: Queries, pulls: readonly ReferencePulls[]): Promise<void> {
  const rows = JSON.stringify(pulls);
  await sql`
    insert into tag_pulls (repository_id, tag, pulls, last_pulled_at_ms)
    select r.id, t.name, sum(p.value ->> 'pulls'), max(p.value ->> 'lastAtMs') from json_each(${rows}) p
    join repositories r on r.id = ${repositoryOf(sql`p.value ->> 'repository'`)}
    join tags t on t.repository_id = r.id and (t.name = p.value ->> 'reference' or t.manifest_id = (
      select m.id from manifests m where m.repository_id = r.id and m.digest = p.value ->> 'reference'))
    where true group by r.id, t.name
    on conflict (repository_id, tag) do update set pulls = pulls + excluded.pulls,
      last_pulled_at_ms = max(last_pulled_at_ms, excluded.last_pulled_at_ms)`.execute(queries);
}
