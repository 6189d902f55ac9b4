import { sql } from "kysely";
import type { Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/** Forgets what happened before `beforeMs`, among the `limit` oldest changes. @returns how many it was; less than `limit`: there are no more */
export async function pruneTagHistory(queries: Queries, beforeMs: number, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from tag_history
    where id in (select id from tag_history order by id limit ${limit}) and at_ms < ${beforeMs}
    returning id`.execute(queries);
  return rows.length;
}

const ROOM = "history";

/**
 * Forgets the oldest changes of tags that have more than `keep`: of those that were changed since the last time, `limit` changes at once. How
 * far it is stays in the database, for each `keep` anew.
 * @returns how many were forgotten; `undefined`: all tags were looked at
 */
export async function shortenTagHistories(
  queries: Queries,
  keep: number,
  limit: number,
): Promise<{ readonly removed: number } | undefined> {
  const { rows } = await sql<{ id: number; repositoryId: number; tag: Tag }>`
    select max(id) as id, repository_id as repositoryId, tag
    from (select id, repository_id, tag from tag_history where id > (
      select coalesce(max(value), 0) from counters where room = ${ROOM} and name = ${nameOf(keep)})
      order by id limit ${limit})
    group by repository_id, tag`.execute(queries);
  if (rows.length === 0) return undefined;
  let removed = 0;
  for (const { repositoryId, tag } of rows) {
    const { numAffectedRows = 0n } = await sql`
      delete from tag_history where id in (
        select id from tag_history where repository_id = ${repositoryId} and tag = ${tag}
        order by id desc limit -1 offset ${keep})`.execute(queries);
    removed += Number(numAffectedRows);
  }
  await putShortened(queries, keep, Math.max(...rows.map(({ id }) => id)));
  return { removed };
}

async function putShortened(queries: Queries, keep: number, value: number): Promise<void> {
  const name = nameOf(keep);
  await queries.deleteFrom("counters").where("room", "=", ROOM).where("name", "<>", name).execute();
  await queries
    .insertInto("counters")
    .values({ room: ROOM, name, value })
    .onConflict((conflict) => conflict.columns(["room", "name"]).doUpdateSet({ value }))
    .execute();
}

const nameOf = (keep: number) => `shortened to ${keep}`;
