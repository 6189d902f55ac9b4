import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/** An entry of the bin that a digest is in, or that keeps it from clean-up. */
export interface BinKeeper {
  readonly entry: number;
  readonly repository: RepositoryName;
  /** What is in the bin: the digest itself, or what names it. */
  readonly digest: Digest;
  readonly untilMs: number;
}

/** The first of them, those that keep it longest first. */
export async function listBinKeepers(queries: Queries, digest: Digest, limit: number): Promise<readonly BinKeeper[]> {
  const { rows } = await sql<BinKeeper>`
    select e.id as entry, r.name as repository, e.digest, e.expires_at_ms as untilMs
    from bin_entries e join repositories r on r.id = e.repository_id
    where e.id in (
      select entry_id from bin_references where digest = ${digest}
      union select id from bin_entries where digest = ${digest}
        and repository_id in (select id from repositories))
    order by e.expires_at_ms desc, e.id limit ${limit}`.execute(queries);
  return rows;
}
