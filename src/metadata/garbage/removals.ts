import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { CandidateKind } from "./candidates.ts";

/** Something that clean-up has removed. */
export interface Removal {
  readonly kind: CandidateKind;
  readonly digest: Digest;
  /** `null` for a blob, which no repository had any more. */
  readonly repository: RepositoryName | null;
  readonly sizeBytes: number;
  /** For people. */
  readonly reason: string;
  /** What did it: `job 12`, `request …` of the management API, or the id alone of a run by hand. */
  readonly run: string;
  readonly atMs: number;
}

/** Puts removals on record, in the transaction that makes them. */
export async function recordRemovals(queries: Queries, removals: readonly Removal[]): Promise<void> {
  if (removals.length === 0) return;
  // As one value: a statement of hundreds of parameters takes longer to make than its rows to write.
  await sql`
    insert into removals (kind, digest, repository, size_bytes, reason, run, at_ms)
    select value ->> 'kind', value ->> 'digest', value ->> 'repository', value ->> 'sizeBytes', value ->> 'reason',
      value ->> 'run', value ->> 'atMs' from json_each(${JSON.stringify(removals)})`.execute(queries);
}

const COLUMNS = ["kind", "digest", "repository", "size_bytes as sizeBytes", "reason", "run", "at_ms as atMs"] as const;

/** The last ones of a digest, the newest first. */
export async function listRemovals(queries: Queries, digest: Digest, limit: number): Promise<readonly Removal[]> {
  return queries
    .selectFrom("removals")
    .select(COLUMNS)
    .where("digest", "=", digest)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

/**
 * All that a run has removed, in the order in which it did, some at a time. Meant for the run that was the last: nothing leads from a
 * run to its removals but a look at each of them.
 */
export async function* iterateRemovalsOf(
  queries: Queries,
  run: string,
  limit: number,
): AsyncGenerator<readonly Removal[], void, void> {
  for (let afterId: number | undefined = 0; afterId !== undefined;) {
    const rows: readonly (Removal & { readonly id: number })[] = await queries
      .selectFrom("removals")
      .select(["id", ...COLUMNS])
      .where("run", "=", run)
      .where("id", ">", afterId)
      .orderBy("id")
      .limit(limit)
      .execute();
    if (rows.length > 0) yield rows;
    afterId = rows.at(-1)?.id;
  }
}

/** Forgets what was removed before `beforeMs`, some of it. @returns whether there may be more */
export async function pruneRemovals(queries: Queries, beforeMs: number, limit: number): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("removals")
    .where("id", "in", (some) =>
      some.selectFrom("removals").select("id").where("at_ms", "<", beforeMs).orderBy("at_ms").limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows) === limit;
}
