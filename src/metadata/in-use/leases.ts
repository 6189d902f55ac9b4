import { sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import { lastRecorded } from "../usage/use-gaps.ts";
import type { RunningImage } from "./clusters.ts";

/** That a cluster runs an image, and for how long that holds. */
export interface Lease extends RunningImage {
  readonly cluster: string;
  readonly sinceMs: number;
  readonly holdsUntilMs: number;
}

/** Of those of the images that run somewhere now. The one of an image that holds longest comes first. */
export async function findLeases(
  queries: Queries,
  images: readonly RunningImage[],
  nowMs: number,
): Promise<readonly Lease[]> {
  const pairs = JSON.stringify(images.map(({ repository, digest }) => [repository, digest]));
  const { rows } = await sql<Lease>`
    select l.repository, l.digest, ${LEASE} from json_each(${pairs}) i
    join in_use_leases l on l.repository = i.value ->> 0 and l.digest = i.value ->> 1
    join in_use_clusters c on c.name = l.cluster
    where c.holds_until_ms > ${lastRecorded(nowMs)} order by c.holds_until_ms desc, c.name`.execute(queries);
  return rows;
}

const LEASE = sql`c.name as cluster, l.since_ms as sinceMs, c.holds_until_ms as holdsUntilMs`;

export interface LeaseQuestion {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  readonly nowMs: number;
}

/** By digest what holds a manifest of a repository: that it runs somewhere, or that an image does which it names. */
export async function findHeldManifests(
  queries: Queries,
  { repository, repositoryId, nowMs }: LeaseQuestion,
): Promise<ReadonlyMap<Digest, Lease>> {
  const { rows } = await sql<Lease>`
    with recursive held (digest, cluster, since_ms) as (
      select l.digest, l.cluster, l.since_ms from in_use_leases l
      join in_use_clusters c on c.name = l.cluster
      where l.repository = ${repository} and c.holds_until_ms > ${lastRecorded(nowMs)}
      union select m.digest, h.cluster, h.since_ms from held h
      join manifest_references mr on mr.digest = h.digest and mr.repository_id = ${repositoryId} and mr.kind = 'manifest'
      join manifests m on m.id = mr.manifest_id)
    select ${repository} as repository, l.digest, ${LEASE}
    from held l join in_use_clusters c on c.name = l.cluster order by l.since_ms desc`.execute(queries);
  return new Map(rows.map((lease) => [lease.digest, lease]));
}

/** What of the content is looked at. */
export interface ContentQuestion extends LeaseQuestion {
  readonly digest: Digest;
}

/** A lease of the manifest, or of an image that an index of it names. */
export async function findLeaseWithin(
  queries: Queries,
  { repository, repositoryId, digest, nowMs }: ContentQuestion,
): Promise<Lease | undefined> {
  const { rows } = await sql<Lease>`
    with recursive part (digest) as (
      values (${digest})
      union select mr.digest from part p
      join manifests m on m.repository_id = ${repositoryId} and m.digest = p.digest
      join manifest_references mr on mr.manifest_id = m.id and mr.kind = 'manifest')
    ${firstLease("part", repository, nowMs)}`.execute(queries);
  return rows[0];
}

/** A lease of the manifest or blob, or of a manifest that lacks something without it. */
export async function findLeaseNeeding(
  queries: Queries,
  { repository, repositoryId, digest, nowMs }: ContentQuestion,
): Promise<Lease | undefined> {
  const { rows } = await sql<Lease>`
    with recursive needing (digest) as (
      values (${digest})
      union select m.digest from needing n
      join manifest_references mr on mr.digest = n.digest and mr.repository_id = ${repositoryId}
      join manifests m on m.id = mr.manifest_id)
    ${firstLease("needing", repository, nowMs)}`.execute(queries);
  return rows[0];
}

const firstLease = (table: "part" | "needing", repository: RepositoryName, nowMs: number) => sql`
  select l.repository, l.digest, ${LEASE} from ${sql.table(table)} d
  join in_use_leases l on l.repository = ${repository} and l.digest = d.digest
  join in_use_clusters c on c.name = l.cluster
  where c.holds_until_ms > ${lastRecorded(nowMs)} order by l.since_ms limit 1`;

/** Of a digest in whatever repositories, the oldest first. */
export async function listLeasesOf(
  queries: Queries,
  digest: Digest,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<readonly Lease[]> {
  const { rows } = await sql<Lease>`
    select l.repository, l.digest, ${LEASE} from repositories r
    join manifests m on m.repository_id = r.id and m.digest = ${digest}
    join in_use_leases l on l.repository = r.name and l.digest = m.digest
    join in_use_clusters c on c.name = l.cluster
    where c.holds_until_ms > ${lastRecorded(nowMs)} order by l.since_ms, c.name limit ${limit}`.execute(queries);
  return rows;
}
