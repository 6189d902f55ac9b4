import { sql } from "kysely";
import type { Queries } from "../database.ts";
import { stretchBelow } from "../access/namespace-names.ts";

/** That a repository has a blob. */
export interface SizedLink {
  readonly blobId: number;
  readonly sizeBytes: number;
  /** `null`: no repository has it. */
  readonly repository: string | null;
  /** Whether something in the bin keeps it. */
  readonly isInBin: 0 | 1;
}

/** Who has the next blobs behind `afterId`: all links of each, one blob after the other. */
export async function listSizedLinks(
  queries: Queries,
  { afterId, blobs }: { readonly afterId: number; readonly blobs: number },
): Promise<readonly SizedLink[]> {
  const { rows } = await sql<SizedLink>`
    select b.id as blobId, b.size_bytes as sizeBytes, r.name as repository,
      exists (select 1 from bin_references br where br.digest = b.digest) as isInBin
    from (select id, size_bytes, digest from blobs where id > ${afterId} order by id limit ${blobs}) b
    left join repository_blobs rb on rb.blob_id = b.id
    left join repositories r on r.id = rb.repository_id order by b.id`.execute(queries);
  return rows;
}

/** How much a node holds, with all below it. */
export interface StoredBytes {
  /** What all repositories would take if each kept its own. */
  readonly storedBytes: number;
  /** Each content once. */
  readonly dedupedBytes: number;
  /** Of those, what no repository elsewhere has. */
  readonly uniqueBytes: number;
}

export interface MeasuredNode extends StoredBytes {
  readonly node: string;
  readonly atMs: number;
}

/** What was found last of nodes, in byte order behind `after`; from the root on, if that is absent. */
export async function listStoredNow(
  queries: Queries,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly MeasuredNode[]> {
  const rows = queries.selectFrom("stored_now").select(MEASURED).orderBy("node").limit(limit);
  return (after === undefined ? rows : rows.where("node", ">", after)).execute();
}

const MEASURED = [
  "node",
  "at_ms as atMs",
  "stored_bytes as storedBytes",
  "deduped_bytes as dedupedBytes",
  "unique_bytes as uniqueBytes",
] as const;

/** Of those nodes that were measured before. */
export async function findStoredNow(queries: Queries, nodes: readonly string[]): Promise<readonly MeasuredNode[]> {
  return queries.selectFrom("stored_now").select(MEASURED).where("node", "in", nodes).execute();
}

export async function putStoredNow(queries: Queries, measured: readonly MeasuredNode[]): Promise<void> {
  await sql`
    insert or replace into stored_now (node, at_ms, stored_bytes, deduped_bytes, unique_bytes)
    select value ->> 'node', value ->> 'atMs', value ->> 'storedBytes', value ->> 'dedupedBytes', value ->> 'uniqueBytes'
    from json_each(${JSON.stringify(measured)})`.execute(queries);
}

/** It holds nothing any more. */
export async function removeStoredNow(queries: Queries, node: string): Promise<void> {
  await queries.deleteFrom("stored_now").where("node", "=", node).execute();
}

/** How much a node held for how long: a byte for an hour is 1. */
export interface StoredHours {
  readonly node: string;
  /** In UTC, as `2026-11-21`. */
  readonly day: string;
  /** For how long it is known. */
  readonly hours: number;
  readonly storedByteHours: number;
  readonly dedupedByteHours: number;
  readonly uniqueByteHours: number;
}

/** Adds to what is on record. */
export async function addStoredHours(queries: Queries, rows: readonly StoredHours[]): Promise<void> {
  await sql`
    insert into stored_days (node, day, hours, stored_byte_hours, deduped_byte_hours, unique_byte_hours)
    select value ->> 'node', value ->> 'day', value ->> 'hours', value ->> 'storedByteHours',
      value ->> 'dedupedByteHours', value ->> 'uniqueByteHours' from json_each(${JSON.stringify(rows)}) where true
    on conflict (node, day) do update set
      hours = hours + excluded.hours, stored_byte_hours = stored_byte_hours + excluded.stored_byte_hours,
      deduped_byte_hours = deduped_byte_hours + excluded.deduped_byte_hours,
      unique_byte_hours = unique_byte_hours + excluded.unique_byte_hours`.execute(queries);
}

/** Of what stretch of time each row of a list is. */
export const STORED_PERIODS = ["day", "month"] as const;
export type StoredPeriod = (typeof STORED_PERIODS)[number];

export interface StoredQuery {
  /** The node and all below it that are measured; the root is `""`. */
  readonly node: string;
  /** Inclusive. */
  readonly fromDay: string;
  /** Inclusive. */
  readonly toDay: string;
  readonly per: StoredPeriod;
  /** Only what comes behind this row. */
  readonly after?: StoredPlace | undefined;
  readonly limit: number;
}

interface StoredPlace {
  readonly node: string;
  readonly period: string;
}

/** Of a day as `2026-11-21`, or of a month as `2026-11`. */
export type StoredSum = StoredPlace & Omit<StoredHours, "node" | "day">;

/** In the order of nodes, then days. */
export async function listStored(queries: Queries, query: StoredQuery): Promise<readonly StoredSum[]> {
  const { node, fromDay, toDay, per, after: place, limit } = query;
  const { after, before } = stretchBelow(node);
  const period = per === "day" ? sql.ref("day") : sql`substr(day, 1, 7)`;
  const behind = place ? sql`(node, ${period}) > (${place.node}, ${place.period})` : sql`true`;
  const { rows } = await sql<StoredSum>`
    select node, ${period} as period, sum(hours) as hours, sum(stored_byte_hours) as storedByteHours,
      sum(deduped_byte_hours) as dedupedByteHours, sum(unique_byte_hours) as uniqueByteHours
    from stored_days
    where (node = ${node} or (node > ${after} and node < ${before})) and day >= ${fromDay} and day <= ${toDay} and ${behind}
    group by node, ${period} order by node, ${period} limit ${limit}`.execute(queries);
  return rows;
}

/** Removes the days before `day`. */
export async function removeOldStoredDays(queries: Queries, day: string): Promise<void> {
  await queries.deleteFrom("stored_days").where("day", "<", day).execute();
}

/** How much of what is stored something in the bin keeps, whoever else has it. */
export async function putBinBytes(queries: Queries, bytes: number): Promise<void> {
  await sql`insert or replace into stored_bin (id, bytes) values (1, ${bytes})`.execute(queries);
}

/** As it was measured last; `undefined`: never. */
export async function findBinBytes(queries: Queries): Promise<number | undefined> {
  return (await queries.selectFrom("stored_bin").select("bytes").executeTakeFirst())?.bytes;
}

const IS_AT_THE_TOP = sql<boolean>`node <> '' and instr(node, '/') = 0`;

/** Of the namespaces at the top those that hold most. */
export async function listLargestTopNodes(queries: Queries, limit: number): Promise<readonly MeasuredNode[]> {
  const nodes = queries.selectFrom("stored_now").select(MEASURED).where(IS_AT_THE_TOP);
  return nodes.orderBy("stored_bytes", "desc").orderBy("node").limit(limit).execute();
}

/** All namespaces at the top together: what two of them have counts twice. */
export async function sumTopNodes(queries: Queries): Promise<StoredBytes> {
  const sumOf = (column: "stored_bytes" | "deduped_bytes" | "unique_bytes") =>
    sql<number>`coalesce(sum(${sql.ref(column)}), 0)`;
  return queries
    .selectFrom("stored_now")
    .select([
      sumOf("stored_bytes").as("storedBytes"),
      sumOf("deduped_bytes").as("dedupedBytes"),
      sumOf("unique_bytes").as("uniqueBytes"),
    ])
    .where(IS_AT_THE_TOP)
    .executeTakeFirstOrThrow();
}
