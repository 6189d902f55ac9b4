import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

/** How much of everything that a quota is about. */
export interface QuotaQuantities {
  /** Of blobs; one that several repositories of the node have counts once. */
  readonly bytes: number;
  readonly tags: number;
  readonly repositories: number;
}

/** The quota of a node, and what it holds together with all below it. */
export interface QuotaState {
  readonly path: string;
  readonly uses: QuotaQuantities;
  /** As it was put, of JSON. */
  readonly value: unknown;
}

const selectQuotas = preparedQuery((queries, { paths }: { paths: string }) =>
  queries
    .selectFrom("quota_uses as u")
    .innerJoin("node_settings as s", (join) => join.onRef("s.path", "=", "u.path").on("s.name", "=", "quota"))
    .select(["u.path", "u.bytes", "u.tags", "u.repositories", "s.value"])
    .where("u.path", "in", sql<string>`(select value from json_each(${paths}))`)
    .orderBy("u.path"),
);

/** All quotas of whatever nodes, in byte order of their paths, behind `after`; from the first, if that is absent. */
export async function listQuotas(
  queries: Queries,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly QuotaState[]> {
  const paths = queries.selectFrom("quota_uses").select("path").orderBy("path").limit(limit);
  const rows = await (after === undefined ? paths : paths.where("path", ">", after)).execute();
  return findQuotas(
    queries,
    rows.map(({ path }) => path),
  );
}

/** Those of the nodes that have one, the root first. One look, also in the transaction of a push. */
export async function findQuotas(queries: Queries, paths: readonly string[]): Promise<readonly QuotaState[]> {
  const rows = await selectQuotas(queries, { paths: JSON.stringify(paths) });
  return rows.map(({ path, value, ...uses }) => ({ path, uses, value: JSON.parse(value) as unknown }));
}

/**
 * Counts anew what the node holds. @returns what was on record and what is there; `undefined` if it has no quota any more
 */
export async function recountQuota(
  queries: Queries,
  path: string,
): Promise<{ readonly recorded: QuotaQuantities; readonly counted: QuotaQuantities } | undefined> {
  const recorded = (await findQuotas(queries, [path]))[0]?.uses;
  if (!recorded) return undefined;
  // Triggers forget all that was counted, and count it.
  await queries.deleteFrom("quota_uses").where("path", "=", path).execute();
  await queries.insertInto("quota_uses").values({ path, bytes: 0, tags: 0, repositories: 0 }).execute();
  const counted = (await findQuotas(queries, [path]))[0]?.uses;
  return counted && { recorded, counted };
}

/** The nodes with a quota in which the blob is counted already. */
export async function listQuotasWithBlob(queries: Queries, digest: Digest): Promise<readonly string[]> {
  const { rows } = await sql<{ path: string }>`
    select qb.path from blobs b join quota_blobs qb on qb.blob_id = b.id where b.digest = ${digest}`.execute(queries);
  return rows.map(({ path }) => path);
}
