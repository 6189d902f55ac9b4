import { sql } from "kysely";
import type { RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { NamePage } from "./page.ts";
import { nominateUnnamedLinks } from "./garbage/candidates.ts";
import { preparedQuery } from "./prepared-query.ts";

const selectId = preparedQuery((queries, { name }: { name: RepositoryName }) =>
  queries.selectFrom("repositories").select("id").where("name", "=", name),
);

export async function findRepositoryId(queries: Queries, name: RepositoryName): Promise<number | undefined> {
  const [row] = await selectId(queries, { name });
  return row?.id;
}

/** The name that a repository has now; `undefined`: it is not there any more. */
export async function findRepositoryName(queries: Queries, id: number): Promise<RepositoryName | undefined> {
  const row = await queries.selectFrom("repositories").select("name").where("id", "=", id).executeTakeFirst();
  return row?.name;
}

/** Creates the repository if there is none. */
export async function ensureRepository(queries: Queries, name: RepositoryName, nowMs: number): Promise<number> {
  const existing = await findRepositoryId(queries, name);
  if (existing !== undefined) return existing;
  const row = await queries
    .insertInto("repositories")
    .values({ name, created_at_ms: nowMs })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** When a repository came to be where it is, and what is in it. */
export interface RepositoryArrival {
  /** 0: it has the name that it was made with. */
  readonly namedAtMs: number;
  /** When something was imported into it last, whose own times may be older; 0: never. */
  readonly importedAtMs: number;
}

/** `undefined`: it is not there any more. */
export async function findRepositoryArrival(queries: Queries, id: number): Promise<RepositoryArrival | undefined> {
  return queries
    .selectFrom("repositories")
    .select(["named_at_ms as namedAtMs", "imported_at_ms as importedAtMs"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Says that something was imported into a repository just now. */
export async function putImportTime(queries: Queries, id: number, nowMs: number): Promise<void> {
  await queries.updateTable("repositories").set({ imported_at_ms: nowMs }).where("id", "=", id).execute();
}

/**
 * Says whether an import left manifests of the repository out, so that clean-up keeps blobs that no manifest names. Once that is over, those
 * are looked at.
 */
export async function putPartlyImported(
  queries: Queries,
  { id, isPartly, nowMs }: { readonly id: number; readonly isPartly: boolean; readonly nowMs: number },
): Promise<void> {
  const before = queries.selectFrom("repositories").select("is_partly_imported").where("id", "=", id);
  const wasPartly = (await before.executeTakeFirst())?.is_partly_imported === 1;
  await queries
    .updateTable("repositories")
    .set({ is_partly_imported: isPartly ? 1 : 0 })
    .where("id", "=", id)
    .execute();
  if (wasPartly && !isPartly) await nominateUnnamedLinks(queries, id, nowMs);
}

/** Whether the repository is there, with everything of it that an import found. */
export async function isWhollyImported(queries: Queries, name: RepositoryName): Promise<boolean> {
  const row = await queries
    .selectFrom("repositories")
    .select("is_partly_imported")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.is_partly_imported === 0;
}

/** A repository that had this name before, and of which an import has left something out. */
export async function findPartlyImportedMove(queries: Queries, name: RepositoryName): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    select id from repositories where is_partly_imported = 1 and name <> ${name} and id in (
      select repository_id from repository_moves where name = ${name}
      union select repository_id from described_manifests where repository = ${name}) limit 1`.execute(queries);
  return rows[0]?.id;
}

/** Names of those that are not empty, in byte order. */
export async function listRepositories(queries: Queries, page: NamePage): Promise<readonly RepositoryName[]> {
  const rows = await queries
    .selectFrom("repositories")
    .select("name")
    .where("name", ">", page.after as RepositoryName)
    // As the index says it, which a parameter would not.
    .where(sql<boolean>`is_empty = 0`)
    .orderBy("name")
    .limit(page.limit)
    .execute();
  return rows.map((row) => row.name);
}

/** As `listRepositories`, the empty ones as well. */
export async function listAllRepositories(queries: Queries, page: NamePage): Promise<readonly RepositoryName[]> {
  const rows = await queries
    .selectFrom("repositories")
    .select("name")
    .where("name", ">", page.after as RepositoryName)
    .orderBy("name")
    .limit(page.limit)
    .execute();
  return rows.map((row) => row.name);
}
