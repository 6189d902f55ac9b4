import { sql } from "kysely";
import type { RepositoryName } from "../../oci/index.ts";
import { raiseAccessGeneration } from "../access/counters.ts";
import { nodesUpFrom } from "../access/namespace-names.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

/** What a node of the namespace tree says itself; the root is `""`. */
export interface NodeSetting {
  readonly path: string;
  readonly name: string;
  /** As it was put, of JSON. */
  readonly value: unknown;
}

const selectSaid = preparedQuery((queries, { paths }: { paths: string }) =>
  queries
    .selectFrom("node_settings")
    .select(["path", "name", "value"])
    .where("path", "in", sql<string>`(select value from json_each(${paths}))`),
);

/** All that the nodes say themselves. One look, also in the transaction of a push. */
export async function findNodeSettings(queries: Queries, paths: readonly string[]): Promise<readonly NodeSetting[]> {
  const rows = await selectSaid(queries, { paths: JSON.stringify(paths) });
  return rows.map(({ path, name, value }) => ({ path, name, value: JSON.parse(value) as unknown }));
}

/** A repository, and what holds in it. */
export interface RepositoryWithSettings {
  /** `undefined`: there is none. */
  readonly id: number | undefined;
  /** All that it and the nodes above it say themselves. */
  readonly said: readonly NodeSetting[];
}

const selectWithSaid = preparedQuery((queries, { name, paths }: { name: RepositoryName; paths: string }) =>
  queries.selectNoFrom((query) => [
    query.selectFrom("repositories").select("id").where("name", "=", name).as("id"),
    // Mostly nobody says anything, and the nodes need not be looked at.
    sql<string | null>`case when exists (select 1 from node_settings) then (
      select json_group_array(json_object('path', path, 'name', name, 'value', json(value))) from node_settings
      where path in (select value from json_each(${paths}))) end`.as("said"),
  ]),
);

/** One look for both, as every push makes it. */
export async function findRepositoryWithSettings(
  queries: Queries,
  name: RepositoryName,
): Promise<RepositoryWithSettings> {
  const [row] = await selectWithSaid(queries, { name, paths: JSON.stringify([...nodesUpFrom(name)]) });
  return {
    id: row?.id ?? undefined,
    said: row?.said ? (JSON.parse(row.said) as NodeSetting[]) : [],
  };
}

/** The nodes that say this, in the order of their paths. */
export async function listNodesSaying(queries: Queries, name: string): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom("node_settings")
    .select("path")
    .where("name", "=", name)
    .orderBy("path")
    .execute();
  return rows.map(({ path }) => path);
}

export async function listNodesWithSettings(queries: Queries): Promise<readonly string[]> {
  const rows = await queries.selectFrom("node_settings").select("path").distinct().execute();
  return rows.map(({ path }) => path);
}

/** Says it, in the place of what the node said before. */
export async function putNodeSetting(
  queries: Queries,
  { path, name, value, nowMs }: NodeSetting & { readonly nowMs: number },
): Promise<void> {
  const said = { value: JSON.stringify(value), updated_at_ms: nowMs };
  await queries
    .insertInto("node_settings")
    .values({ path, name, ...said })
    .onConflict((conflict) => conflict.columns(["path", "name"]).doUpdateSet(said))
    .execute();
  await raiseAccessGeneration(queries);
}

/** @returns whether the node said it */
export async function removeNodeSetting(
  queries: Queries,
  { path, name }: Pick<NodeSetting, "path" | "name">,
): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("node_settings")
    .where("path", "=", path)
    .where("name", "=", name)
    .executeTakeFirst();
  await raiseAccessGeneration(queries);
  return numDeletedRows > 0n;
}
