import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";

/** Somewhere that images run. */
export interface Cluster {
  readonly name: string;
  readonly heardAtMs: number;
  /** From then on its leases hold nothing, unless it is heard of again. */
  readonly holdsUntilMs: number;
  /** How many images it runs. */
  readonly images: number;
  /** Of them, how many are not here. */
  readonly unknown: number;
  /** The only one who reports for it, of those who may do nothing but report; `null`: nobody yet. */
  readonly reportedBy: string | null;
}

/** An image that runs somewhere. */
export interface RunningImage {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

export interface LeasedImage extends RunningImage {
  readonly sinceMs: number;
  /** Whether it can be pulled from here. */
  readonly isKnown: boolean;
}

const IS_KNOWN = sql<number>`exists (select 1 from repositories r
  join manifests m on m.repository_id = r.id and m.digest = l.digest where r.name = l.repository)`;

/** In byte order of their names. */
export async function listClusters(queries: Queries, { after, limit }: NamePage): Promise<readonly Cluster[]> {
  const { rows } = await sql<Cluster>`
    ${CLUSTERS} where c.name > ${after} order by c.name limit ${limit}`.execute(queries);
  return rows;
}

export async function findCluster(queries: Queries, name: string): Promise<Cluster | undefined> {
  const { rows } = await sql<Cluster>`${CLUSTERS} where c.name = ${name}`.execute(queries);
  return rows[0];
}

/** For how many clusters somebody is the one reporter, of those who may do nothing but report. */
export async function countClustersOf(queries: Queries, reportedBy: string): Promise<number> {
  const { count } = await queries
    .selectFrom("in_use_clusters")
    .select((all) => all.fn.countAll<number>().as("count"))
    .where("reported_by", "=", reportedBy)
    .executeTakeFirstOrThrow();
  return count;
}

const CLUSTERS = sql`
  select c.name, c.heard_at_ms as heardAtMs, c.holds_until_ms as holdsUntilMs, c.reported_by as reportedBy,
    (select count(*) from in_use_leases l where l.cluster = c.name) as images,
    (select count(*) from in_use_leases l where l.cluster = c.name and not ${IS_KNOWN}) as unknown
  from in_use_clusters c`;

/** How much a cluster runs, and since when nothing more was heard of it. */
export type HeardCluster = Pick<Cluster, "name" | "heardAtMs" | "images">;

/** Those that were heard of last. */
export async function listHeardClusters(queries: Queries, limit: number): Promise<readonly HeardCluster[]> {
  const { rows } = await sql<HeardCluster>`
    select c.name, c.heard_at_ms as heardAtMs,
      (select count(*) from in_use_leases l where l.cluster = c.name) as images
    from in_use_clusters c order by c.heard_at_ms desc, c.name limit ${limit}`.execute(queries);
  return rows;
}

/** What a cluster runs, in the order of repositories, then digests. */
export async function listLeases(queries: Queries, cluster: string): Promise<readonly LeasedImage[]> {
  const { rows } = await sql<Omit<LeasedImage, "isKnown"> & { isKnown: number }>`
    select l.repository, l.digest, l.since_ms as sinceMs, ${IS_KNOWN} as isKnown
    from in_use_leases l where l.cluster = ${cluster} order by l.repository, l.digest`.execute(queries);
  return rows.map((row) => ({ ...row, isKnown: row.isKnown === 1 }));
}

export interface ClusterReport {
  readonly cluster: string;
  /** All that it runs. */
  readonly images: readonly RunningImage[];
  readonly nowMs: number;
  readonly holdsUntilMs: number;
  /** Who is to be the only one; absent: nobody, if there is nobody yet. */
  readonly reportedBy?: string | undefined;
}

/**
 * Puts what a cluster runs now in the place of what it ran before; what it ran then and now keeps its time. So does what it ran and now
 * says by a name under which that is not here: the name that it was pulled by may be another repository's by now.
 * @returns what changed
 */
export async function putClusterReport(
  queries: Queries,
  { cluster, images, nowMs, holdsUntilMs, reportedBy }: ClusterReport,
): Promise<{ readonly added: number; readonly removed: number }> {
  const heard = { heard_at_ms: nowMs, holds_until_ms: holdsUntilMs };
  await queries
    .insertInto("in_use_clusters")
    .values({ name: cluster, ...heard, reported_by: reportedBy })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ ...heard, reported_by: sql`coalesce(reported_by, excluded.reported_by)` }),
    )
    .execute();
  const running = await findNamesNow(queries, images);
  const gone = await sql`
    delete from in_use_leases as l where cluster = ${cluster} and (repository, digest) not in (
      select i.value ->> 0, i.value ->> 1 from json_each(${running}) i) and not (${IS_KNOWN} and digest in (
      select l.digest from (select i.value ->> 0 as repository, i.value ->> 1 as digest from json_each(${running}) i) l
      where not ${IS_KNOWN}))`.execute(queries);
  const made = await sql`
    insert into in_use_leases (cluster, repository, digest, since_ms)
    select ${cluster}, i.value ->> 0, i.value ->> 1, ${nowMs} from json_each(${running}) i where true
    on conflict (cluster, repository, digest) do nothing`.execute(queries);
  return { added: Number(made.numAffectedRows), removed: Number(gone.numAffectedRows) };
}

/** As JSON, by the names that repositories have now: what runs was pulled under the one that it had then. */
async function findNamesNow(queries: Queries, images: readonly RunningImage[]): Promise<string> {
  const { rows } = await sql<{ from: RepositoryName; to: RepositoryName }>`
    select m.name as "from", r.name as "to" from repository_moves m join repositories r on r.id = m.repository_id
    where m.name in (select i.value from json_each(${JSON.stringify(images.map(({ repository }) => repository))}) i)`.execute(
    queries,
  );
  const names = new Map(rows.map(({ from, to }) => [from, to]));
  return JSON.stringify(images.map(({ repository, digest }) => [names.get(repository) ?? repository, digest]));
}

/** With its leases. @returns whether it was there */
export async function removeCluster(queries: Queries, name: string): Promise<boolean> {
  // By itself, so that what was held is looked at.
  await queries.deleteFrom("in_use_leases").where("cluster", "=", name).execute();
  const { numDeletedRows } = await queries.deleteFrom("in_use_clusters").where("name", "=", name).executeTakeFirst();
  return numDeletedRows > 0n;
}
