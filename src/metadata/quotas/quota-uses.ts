import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import { isIn } from "../usage/node-contents.ts";

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

/** What is on record of a node is not what it holds. */
export interface QuotaDifference {
  readonly recorded: QuotaQuantities;
  readonly counted: QuotaQuantities;
}

/**
 * Compares, at one moment, what is on record of a node with what it holds. It takes as long as to read all links of the node.
 * @returns `undefined` if it is the same, or the node has no quota
 */
export async function findQuotaDifference(queries: Queries, path: string): Promise<QuotaDifference | undefined> {
  const { rows } = await sql<QuotaQuantities & { heldBytes: number; heldTags: number; heldRepositories: number }>`
    select u.bytes, u.tags, u.repositories,
      (select coalesce(sum(b.size_bytes), 0) from blobs b where b.id in (
        select rb.blob_id from repositories r cross join repository_blobs rb on rb.repository_id = r.id
        where ${isIn(path)})) as heldBytes,
      (select count(*) from repositories r cross join tags t on t.repository_id = r.id where ${isIn(path)}) as heldTags,
      (select count(*) from repositories r where r.is_empty = 0 and ${isIn(path)}) as heldRepositories
    from quota_uses u where u.path = ${path}`.execute(queries);
  const [row] = rows;
  if (!row) return undefined;
  const { heldBytes, heldTags, heldRepositories, ...recorded } = row;
  return differenceOf(recorded, { bytes: heldBytes, tags: heldTags, repositories: heldRepositories });
}

/** Counts anew what the node holds. @returns `undefined` if that was on record, or it has no quota any more */
export async function recountQuota(queries: Queries, path: string): Promise<QuotaDifference | undefined> {
  const recorded = (await findQuotas(queries, [path]))[0]?.uses;
  if (!recorded) return undefined;
  // Triggers forget all that was counted, and count it.
  await queries.deleteFrom("quota_uses").where("path", "=", path).execute();
  await queries.insertInto("quota_uses").values({ path, bytes: 0, tags: 0, repositories: 0 }).execute();
  const counted = (await findQuotas(queries, [path]))[0]?.uses;
  return counted && differenceOf(recorded, counted);
}

function differenceOf(recorded: QuotaQuantities, counted: QuotaQuantities): QuotaDifference | undefined {
  return Bun.deepEquals(recorded, counted) ? undefined : { recorded, counted };
}

/** The nodes with a quota in which the blob is counted already. */
export async function listQuotasWithBlob(queries: Queries, digest: Digest): Promise<readonly string[]> {
  const { rows } = await sql<{ path: string }>`
    select qb.path from blobs b join quota_blobs qb on qb.blob_id = b.id where b.digest = ${digest}`.execute(queries);
  return rows.map(({ path }) => path);
}
