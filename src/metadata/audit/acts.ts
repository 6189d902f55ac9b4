import { sql } from "kysely";
import type { Queries } from "../database.ts";
import type { AuditRow } from "./chain.ts";

/** A row of the audit trail. */
export interface ActRecord {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly act: string;
  readonly outcome: "success" | "failure";
  readonly actor: string | null;
  readonly address: string | null;
  readonly target: string | null;
  readonly requestId: string | null;
  /** JSON. */
  readonly detail: string | null;
  readonly hash: string;
}

/** Which acts; what is left away does not matter. */
export interface ActFilter {
  readonly actor?: string | undefined;
  readonly target?: string | undefined;
  /** What the target begins with, such as `team/`. */
  readonly targetPrefix?: string | undefined;
  readonly act?: string | undefined;
  readonly outcome?: ActRecord["outcome"] | undefined;
  /** Inclusive. */
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
}

/** The newest first, below `beforeSequence` if there is one; or the oldest first above `afterSequence`, which may be 0. */
export interface ActPage extends ActFilter {
  readonly beforeSequence?: number | undefined;
  readonly afterSequence?: number | undefined;
  /** How many at most. */
  readonly limit: number;
}

/** So many rows are looked through at once, which takes about a millisecond; others get their turn in between. */
const ROWS_AT_ONCE = 5000;

/**
 * A page of the audit trail. There is no index but the sequence, as each would cost every act more than the act does: acts that
 * are few are found by looking through all, half a million rows in 0.1 s.
 */
export async function listActs(queries: Queries, page: ActPage): Promise<readonly ActRecord[]> {
  const { first, last } = await findBounds(queries);
  const found: ActRecord[] = [];
  for (const range of page.afterSequence === undefined ? downward(page, first, last) : upward(page, first, last)) {
    found.push(...(await listRange(queries, { ...page, limit: page.limit - found.length }, range)));
    if (found.length >= page.limit) break;
    await new Promise(setImmediate);
  }
  return found;
}

/** Both ends inclusive. */
interface Range {
  readonly first: number;
  readonly last: number;
}

async function findBounds(queries: Queries): Promise<Range> {
  const end = (ascending: boolean) =>
    queries
      .selectFrom("audit")
      .select("sequence")
      .orderBy("sequence", ascending ? "asc" : "desc")
      .limit(1)
      .executeTakeFirst();
  return { first: (await end(true))?.sequence ?? 1, last: (await end(false))?.sequence ?? 0 };
}

function* downward({ beforeSequence }: ActPage, first: number, last: number): Generator<Range> {
  const newest = Math.min(last, (beforeSequence ?? Number.POSITIVE_INFINITY) - 1);
  for (let end = newest; end >= first; end -= ROWS_AT_ONCE) yield { first: end - ROWS_AT_ONCE + 1, last: end };
}

function* upward({ afterSequence = 0 }: ActPage, first: number, last: number): Generator<Range> {
  const oldest = Math.max(first, afterSequence + 1);
  for (let start = oldest; start <= last; start += ROWS_AT_ONCE) yield { first: start, last: start + ROWS_AT_ONCE - 1 };
}

async function listRange(queries: Queries, page: ActPage, { first, last }: Range): Promise<readonly ActRecord[]> {
  const rows = await matching(queries, page)
    .where("sequence", ">=", first)
    .where("sequence", "<=", last)
    .orderBy("sequence", page.afterSequence === undefined ? "desc" : "asc")
    .limit(page.limit)
    .execute();
  return rows.map(toRecord);
}

function matching(queries: Queries, { actor, target, targetPrefix, act, outcome, fromMs, toMs }: ActFilter) {
  let select = queries.selectFrom("audit").selectAll();
  if (actor !== undefined) select = select.where("actor", "=", actor);
  if (target !== undefined) select = select.where("target", "=", target);
  if (targetPrefix !== undefined)
    select = select.where(sql<string>`substr(target, 1, length(${targetPrefix}))`, "=", targetPrefix);
  if (act !== undefined) select = select.where("act", "=", act);
  if (outcome !== undefined) select = select.where("outcome", "=", outcome);
  if (fromMs !== undefined) select = select.where("at_ms", ">=", fromMs);
  if (toMs !== undefined) select = select.where("at_ms", "<", toMs);
  return select;
}

function toRecord(row: AuditRow): ActRecord {
  const { sequence, act, outcome, actor, address, target, detail, hash } = row;
  return { sequence, atMs: row.at_ms, act, outcome, actor, address, target, requestId: row.request_id, detail, hash };
}
