import { sql } from "kysely";
import type { Queries } from "../database.ts";

/** A stretch of names in byte order, without its ends. */
export interface NameStretch {
  readonly after: string;
  readonly before: string;
}

/** Sorts behind every character of a name. */
export const BEHIND_ALL_NAMES = "~";

/** Below the node, itself left out; below the root is everything. */
export function stretchBelow(node: string): NameStretch {
  return node === ""
    ? { after: "", before: BEHIND_ALL_NAMES }
    : { after: `${node}/`, before: `${node}/${BEHIND_ALL_NAMES}` };
}

/** The path itself and all above it, the root last. */
export function* nodesUpFrom(path: string): Generator<string, void, void> {
  for (let node = path; node !== ""; node = node.slice(0, Math.max(0, node.lastIndexOf("/")))) yield node;
  yield "";
}

/** The first repository that is not empty, or node with rules of its own in the stretch. */
export async function findFirstName(queries: Queries, { after, before }: NameStretch): Promise<string | undefined> {
  const { rows } = await sql<{ name: string | null }>`
    select min(name) as name from (
      select min(name) as name from repositories where name > ${after} and name < ${before} and is_empty = 0
      union all select min(path) from namespaces where path > ${after} and path < ${before}
      union all select min(path) from roles where path > ${after} and path < ${before}
      union all select min(path) from node_settings where path > ${after} and path < ${before})`.execute(queries);
  return rows[0]?.name ?? undefined;
}

/** Whether there is a repository of this name, an empty one as well, or a node that has rules of its own. */
export async function isNameTaken(queries: Queries, name: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 where exists (select 1 from repositories where name = ${name})
      or ${hasRules(name)}`.execute(queries);
  return rows.length > 0;
}

/** Whether lists have this name: of a repository that is not empty, or of a node that has rules of its own. */
export async function isNameListed(queries: Queries, name: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 where exists (select 1 from repositories where name = ${name} and is_empty = 0)
      or ${hasRules(name)}`.execute(queries);
  return rows.length > 0;
}

const hasRules = (name: string) => sql`exists (select 1 from namespaces where path = ${name})
      or exists (select 1 from roles where path = ${name})
      or exists (select 1 from node_settings where path = ${name})`;

/** Repositories in the stretch that are not empty. */
export async function listRepositoriesIn(
  queries: Queries,
  { after, before }: NameStretch,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from repositories where name > ${after} and name < ${before} and is_empty = 0
    order by name limit ${limit}`.execute(queries);
  return rows.map((row) => row.name);
}
