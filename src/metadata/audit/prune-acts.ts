import type { Queries } from "../database.ts";
import { findChainStart, putAnchor } from "./anchor.ts";
import { type ChainReport, ChainWalk, listRowsAfter } from "./verify-chain.ts";

export interface PruneOptions {
  /** Rows of this time and later stay, and so do all behind them. */
  readonly beforeMs: number;
  /** Rows behind it stay whatever their age, such as those that were not exported yet. */
  readonly throughSequence?: number | undefined;
  /** How many at most. */
  readonly limit: number;
}

export interface PrunedActs {
  readonly removed: number;
  /** What is wrong is not removed, nor what follows it: it would be gone without a trace. */
  readonly broken?: ChainReport["broken"];
}

/** Removes the oldest acts, and keeps on record what the rest follows. To be called in a transaction. */
export async function pruneActs(queries: Queries, options: PruneOptions): Promise<PrunedActs> {
  const { beforeMs, throughSequence = Number.POSITIVE_INFINITY, limit } = options;
  const walk = new ChainWalk(await findChainStart(queries));
  let atMs = 0;
  for (const row of await listRowsAfter(queries, 0, limit)) {
    if (row.at_ms >= beforeMs || row.sequence > throughSequence || !walk.step(row)) break;
    atMs = row.at_ms;
  }
  const { sequence, hash, rows: removed } = walk;
  if (removed > 0) {
    await queries.deleteFrom("audit").where("sequence", "<=", sequence).execute();
    await putAnchor(queries, { sequence, hash, atMs });
  }
  const { broken } = walk.report();
  return broken ? { removed, broken } : { removed };
}
