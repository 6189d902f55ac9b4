import { sql } from "kysely";
import type { Queries } from "../database.ts";
import { stretchBelow } from "../access/namespace-names.ts";

/** What was moved. */
export interface UsageCounts {
  /** GETs of manifests that are no index: an image of one platform is one. */
  readonly pulls: number;
  /** Manifests that were taken. */
  readonly pushes: number;
  /** Bodies of manifests that were taken, and of blobs as far as they came. */
  readonly receivedBytes: number;
  /** Bodies of blobs and manifests, as they were announced. */
  readonly sentBytes: number;
  /** Of them, those of large blobs that a client did not take to the end: how much it got is not known. */
  readonly cutBytes: number;
}

export interface UsageRow extends UsageCounts {
  /** In UTC, as `2026-11-21`. */
  readonly day: string;
  readonly repository: string;
  /** Empty for who was not signed in. */
  readonly principal: string;
}

/** Adds to what is on record. */
export async function addUsage(queries: Queries, rows: readonly UsageRow[]): Promise<void> {
  await sql`
    insert into usage (day, repository, principal, pulls, pushes, received_bytes, sent_bytes, cut_bytes)
    select value ->> 'day', value ->> 'repository', value ->> 'principal', value ->> 'pulls', value ->> 'pushes',
      value ->> 'receivedBytes', value ->> 'sentBytes', value ->> 'cutBytes' from json_each(${JSON.stringify(rows)}) where true
    on conflict (day, repository, principal) do update set
      pulls = pulls + excluded.pulls, pushes = pushes + excluded.pushes,
      received_bytes = received_bytes + excluded.received_bytes, sent_bytes = sent_bytes + excluded.sent_bytes,
      cut_bytes = cut_bytes + excluded.cut_bytes`.execute(queries);
}

/** How each row of a list is made: the days, namespaces, repositories or people that it does not name are put together. */
export const USAGE_DIMENSIONS = ["day", "namespace", "repository", "principal"] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

const VALUES = {
  day: sql`day`,
  // The node at the top that it is in, or is.
  namespace: sql`substr(repository, 1, instr(repository || '/', '/') - 1)`,
  repository: sql`repository`,
  principal: sql`principal`,
} as const satisfies Record<UsageDimension, unknown>;

export interface UsageQuery {
  /** The node and all below it; the root is `""`. */
  readonly node: string;
  /** Inclusive. */
  readonly fromDay: string;
  /** Inclusive. */
  readonly toDay: string;
  readonly by: readonly UsageDimension[];
  /** Only what comes behind this row of the same list: it skips and repeats nothing while rows are added. */
  readonly after?: Pick<UsageSum, UsageDimension> | undefined;
  readonly limit: number;
}

/** What is not asked for is `null`. */
export type UsageSum = UsageCounts & { readonly [Dimension in UsageDimension]: string | null };

/** In the order of days, namespaces, repositories, people. */
export async function listUsage(queries: Queries, query: UsageQuery): Promise<readonly UsageSum[]> {
  const { node, fromDay, toDay, by, limit, after: last } = query;
  const { after, before } = stretchBelow(node);
  const columns = USAGE_DIMENSIONS.map(
    (name) => sql`${by.includes(name) ? VALUES[name] : sql`null`} as ${sql.ref(name)}`,
  );
  const keys = USAGE_DIMENSIONS.filter((name) => by.includes(name));
  const key = sql.join(keys.map((name) => VALUES[name]));
  const groups = keys.length === 0 ? sql`` : sql`group by ${key}`;
  const behind =
    last && keys.length > 0 ? sql`(${key}) > (${sql.join(keys.map((name) => sql.val(last[name])))})` : sql`true`;
  const { rows } = await sql<UsageSum>`
    select ${sql.join(columns)},
      coalesce(sum(pulls), 0) as pulls, coalesce(sum(pushes), 0) as pushes,
      coalesce(sum(received_bytes), 0) as receivedBytes, coalesce(sum(sent_bytes), 0) as sentBytes,
      coalesce(sum(cut_bytes), 0) as cutBytes
    from usage
    where day >= ${fromDay} and day <= ${toDay} and (repository = ${node} or (repository > ${after} and repository < ${before}))
      and ${behind}
    ${groups} order by 1, 2, 3, 4 limit ${limit}`.execute(queries);
  return rows;
}

/** Removes the days before `day`. */
export async function removeOldUsage(queries: Queries, day: string): Promise<void> {
  await queries.deleteFrom("usage").where("day", "<", day).execute();
}
