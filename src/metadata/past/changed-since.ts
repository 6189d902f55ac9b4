import { sql } from "kysely";
import type { RepositoryName, Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";

/** A repository, and since when there is one. */
export interface AgedRepository {
  readonly id: number;
  readonly name: RepositoryName;
  readonly createdAtMs: number;
  /** Without a manifest. */
  readonly isEmpty: boolean;
}

/** All repositories, also the empty ones, in the order in which they were made. */
export async function listRepositoriesByAge(
  queries: Queries,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly AgedRepository[]> {
  const { rows } = await sql<Omit<AgedRepository, "isEmpty"> & { isEmpty: number }>`
    select id, name, created_at_ms as createdAtMs, is_empty as isEmpty from repositories
    where id > ${afterId} order by id limit ${limit}`.execute(queries);
  return rows.map((row) => ({ ...row, isEmpty: row.isEmpty === 1 }));
}

/** The tags that were made, moved or deleted after a time, also those that are not there any more; in byte order. */
export async function listTagsChangedSince(
  queries: Queries,
  { repositoryId, sinceMs }: { readonly repositoryId: number; readonly sinceMs: number },
  { after, limit }: NamePage,
): Promise<readonly Tag[]> {
  const rows = await queries
    .selectFrom("tag_history")
    .select("tag")
    .distinct()
    .where("repository_id", "=", repositoryId)
    .where("tag", ">", after as Tag)
    .where("at_ms", ">", sinceMs)
    .orderBy("tag")
    .limit(limit)
    .execute();
  return rows.map(({ tag }) => tag);
}

/** Repositories that got another name after a time, in the order in which they did. */
export async function listRenamedSince(
  queries: Queries,
  sinceMs: number,
): Promise<readonly { readonly from: RepositoryName; readonly to: RepositoryName }[]> {
  return queries
    .selectFrom("repository_moves as m")
    .innerJoin("repositories as r", "r.id", "m.repository_id")
    .select(["m.name as from", "r.name as to"])
    .where("m.moved_at_ms", ">", sinceMs)
    .orderBy("m.moved_at_ms")
    .execute();
}

/** When the database was made, before which nothing is on record in it. */
export async function findDatabaseBirth(queries: Queries): Promise<number> {
  const { rows } = await sql<{ at: string }>`select min(timestamp) as at from kysely_migration`.execute(queries);
  return Date.parse(rows[0]?.at ?? "") || 0;
}
