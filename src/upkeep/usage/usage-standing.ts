import {
  countBinEntries,
  findBinBytes,
  type HeardCluster,
  listHeardClusters,
  listLargestTopNodes,
  type MetadataDatabase,
  type Queries,
  type StoredBytes,
  sumTopNodes,
} from "../../metadata/index.ts";
import { levelsOf, type QuotaLevel } from "../../registry/index.ts";
import { allQuotas } from "../quotas/all-quotas.ts";
import { OTHER_NAMESPACES } from "./namespace-tally.ts";

/** What the database knows of how much there is, for metrics: as much of everything as somebody wants to have told apart. */
export interface UsageStanding {
  /** The namespaces at the top that hold most, and one for all others together, as they were measured last. */
  readonly namespaces: readonly (StoredBytes & { readonly namespace: string })[];
  /** The limits that are nearest to being reached. */
  readonly quotas: readonly QuotaLevel[];
  readonly binEntries: number;
  /** `undefined` until it was measured. */
  readonly binBytes: number | undefined;
  /** Those that were heard of last. */
  readonly clusters: readonly HeardCluster[];
}

/** @param most how many namespaces, limits and clusters at most */
export async function getUsageStanding({ reads }: MetadataDatabase, most: number): Promise<UsageStanding> {
  return {
    namespaces: most === 0 ? [] : await listNamespaces(reads, most),
    quotas: most === 0 ? [] : await listFullest(reads, most),
    binEntries: await countBinEntries(reads),
    binBytes: await findBinBytes(reads),
    clusters: await listHeardClusters(reads, most),
  };
}

async function listNamespaces(queries: Queries, most: number): Promise<UsageStanding["namespaces"]> {
  const largest = await listLargestTopNodes(queries, most);
  const named = largest.map(({ node: namespace, ...stored }) => ({ namespace, ...stored }));
  if (largest.length < most) return named;
  const all = await sumTopNodes(queries);
  const others = (name: keyof StoredBytes) => named.reduce((left, stored) => left - stored[name], all[name]);
  const rest = {
    namespace: OTHER_NAMESPACES,
    storedBytes: others("storedBytes"),
    dedupedBytes: others("dedupedBytes"),
    uniqueBytes: others("uniqueBytes"),
  };
  return [...named, rest];
}

/** An alarm for those that are nearly full finds them, however many quotas there are. */
async function listFullest(queries: Queries, most: number): Promise<readonly QuotaLevel[]> {
  const levels: QuotaLevel[] = [];
  for await (const state of allQuotas(queries)) levels.push(...levelsOf(state, state));
  return levels.sort((one, other) => fullness(other) - fullness(one)).slice(0, most);
}

function fullness({ holds, limit }: QuotaLevel): number {
  return limit === 0 ? Number(holds > 0) : holds / limit;
}
