import { sql } from "kysely";
import type { RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";
import { preparedQuery } from "../prepared-query.ts";

/** A name that a repository had, and the one that it has now. */
export interface RepositoryMove {
  readonly from: RepositoryName;
  readonly to: RepositoryName;
  readonly movedAtMs: number;
  /** Exclusive. */
  readonly servesUntilMs: number;
  readonly actor: string | null;
}

export interface Renaming {
  readonly id: number;
  readonly from: RepositoryName;
  readonly to: RepositoryName;
  readonly nowMs: number;
  readonly servesUntilMs: number;
  readonly actor: string | undefined;
}

/**
 * Gives a repository another name, which nothing has. What is of its row goes along; with it go uploads that are under way and what
 * clusters say that they run of it, and deletes of its content that wait for a second person.
 */
export async function renameRepository(queries: Queries, renaming: Renaming): Promise<void> {
  const { id, from, to, nowMs, servesUntilMs, actor = null } = renaming;
  await queries.updateTable("repositories").set({ name: to, named_at_ms: nowMs }).where("id", "=", id).execute();
  await queries
    .insertInto("repository_moves")
    .values({ name: from, repository_id: id, moved_at_ms: nowMs, serves_until_ms: servesUntilMs, actor })
    .execute();
  await queries.updateTable("uploads").set({ repository_name: to }).where("repository_name", "=", from).execute();
  // What waits for a name that nothing had is for nobody.
  await sql`update or replace delete_requests set path = ${to}
    where path = ${from} and state = 'open' and subject not like '**%'`.execute(queries);
  await sql`update or replace in_use_leases set repository = ${to} where repository = ${from}`.execute(queries);
}

function moves(queries: Queries) {
  return queries
    .selectFrom("repository_moves as m")
    .innerJoin("repositories as r", "r.id", "m.repository_id")
    .select([
      "m.name as from",
      "r.name as to",
      "m.moved_at_ms as movedAtMs",
      "m.serves_until_ms as servesUntilMs",
      "m.actor",
    ]);
}

const selectMove = preparedQuery((queries, { name, nowMs }: { name: RepositoryName; nowMs: number }) =>
  moves(queries).where("m.name", "=", name).where("m.serves_until_ms", ">", nowMs),
);

/** Where a name leads that a repository had; `undefined`: nowhere, or not any more. */
export async function findRepositoryMove(
  queries: Queries,
  name: RepositoryName,
  nowMs: number,
): Promise<RepositoryMove | undefined> {
  const [move] = await selectMove(queries, { name, nowMs });
  return move;
}

/** Names that lead elsewhere now, in byte order. */
export function listRepositoryMoves(queries: Queries, nowMs: number, page: NamePage): Promise<RepositoryMove[]> {
  return moves(queries)
    .where("m.name", ">", page.after as RepositoryName)
    .where("m.serves_until_ms", ">", nowMs)
    .orderBy("m.name")
    .limit(page.limit)
    .execute();
}

/** From now on the name leads nowhere. @returns whether it did */
export async function removeRepositoryMove(queries: Queries, name: RepositoryName, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable("repository_moves")
    .set({ serves_until_ms: nowMs })
    .where("name", "=", name)
    .where("serves_until_ms", ">", nowMs)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Forgets names that have led nowhere since then. @returns how many */
export async function pruneRepositoryMoves(queries: Queries, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await queries
    .deleteFrom("repository_moves")
    .where("serves_until_ms", "<", beforeMs)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Whether there is a repository of this name that is in use: with manifests, with blobs, or with something in its bin. */
export async function findUsedRepository(
  queries: Queries,
  name: RepositoryName,
): Promise<{ readonly isEmpty: boolean } | undefined> {
  const { rows } = await sql<{ isEmpty: number }>`
    select is_empty as isEmpty from repositories where name = ${name} and not (${IS_UNUSED})`.execute(queries);
  return rows[0] && { isEmpty: rows[0].isEmpty === 1 };
}

const IS_UNUSED = sql`is_empty = 1
  and not exists (select 1 from repository_blobs rb where rb.repository_id = repositories.id)
  and not exists (select 1 from bin_entries e where e.repository_id = repositories.id)`;

/** Makes room for another repository where there is one that is not in use. Its history goes. */
export async function removeUnusedRepository(queries: Queries, name: RepositoryName): Promise<void> {
  await sql`delete from repositories where name = ${name} and ${IS_UNUSED}`.execute(queries);
}
