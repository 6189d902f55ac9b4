import {
  findQuotaDifference,
  findQuotas,
  listNodesSaying,
  type MetadataDatabase,
  type QuotaDifference,
  recountQuota,
} from "../../metadata/index.ts";
import { measureNode, type MeasuringTurns } from "../usage/measure-node.ts";

/** A node with a quota of which it was not on record what it holds; now it is. */
export interface CorrectedQuota extends QuotaDifference {
  /** The root is `""`. */
  readonly path: string;
}

/**
 * Puts right what is on record of nodes with a quota, where it has to be, and says which those were.
 * @throws MetadataError, and what `turns` throws
 */
export async function* correctQuotas(
  metadata: MetadataDatabase,
  turns: Required<MeasuringTurns>,
): AsyncGenerator<CorrectedQuota, void, void> {
  for (const path of await listNodesSaying(metadata.reads, "quota")) {
    await turns.onTurn();
    const corrected = await correctQuota(metadata, path, turns);
    if (corrected) yield corrected;
  }
}

/**
 * The node is looked through in small steps while others push. Only where that gives something else, be it because of them, is it counted
 * at one moment, and only where that does, too, is it written.
 */
async function correctQuota(
  metadata: MetadataDatabase,
  path: string,
  turns: MeasuringTurns,
): Promise<CorrectedQuota | undefined> {
  const { reads } = metadata;
  const [quota] = await findQuotas(reads, [path]);
  if (!quota) return undefined;
  const { dedupedBytes: bytes, tags, repositories } = await measureNode(reads, path, turns);
  if (Bun.deepEquals(quota.uses, { bytes, tags, repositories })) return undefined;
  if (!(await findQuotaDifference(reads, path))) return undefined;
  const corrected = await metadata.transaction((queries) => recountQuota(queries, path));
  return corrected && { path, ...corrected };
}
