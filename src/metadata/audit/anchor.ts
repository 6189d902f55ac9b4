import type { Queries } from "../database.ts";
import { FIRST_HASH } from "./chain.ts";

/** What the first row that is there follows: the last that was removed for its age, if any was. */
export interface ChainStart {
  readonly sequence: number;
  readonly hash: string;
}

export async function findChainStart(queries: Queries): Promise<ChainStart> {
  const anchor = await queries.selectFrom("audit_anchors").select(["sequence", "hash"]).executeTakeFirst();
  return anchor ?? { sequence: 0, hash: FIRST_HASH };
}

export interface Anchor extends ChainStart {
  /** When the act of its row happened. */
  readonly atMs: number;
}

export async function putAnchor(queries: Queries, { sequence, hash, atMs }: Anchor): Promise<void> {
  const columns = { sequence, hash, at_ms: atMs };
  await queries
    .insertInto("audit_anchors")
    .values({ id: 1, ...columns })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
    .execute();
}
