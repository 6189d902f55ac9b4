import { type RawBuilder, sql } from "kysely";
import type { Queries } from "../database.ts";

/** A time in which nobody could use or push anything, or nothing of it was put on record. */
export interface UseGap {
  readonly fromMs: number;
  readonly toMs: number;
}

const ROOM = "usage";
const NAME = "recorded until";

/** Longer than any pause between two of those who say that uses are put on record. */
const GAP_FROM_MS = 120_000;
/** One for each day of some years; what is older is not worth being read with every repository. */
const MOST_GAPS = 1000;

/**
 * Puts down that uses are on record up to now, which is to be said each minute. A time since it was said last becomes a gap: the registry was
 * off or read-only, or this is a copy of its database from before. Clusters could not be heard of meanwhile, so what they run is held for
 * so much longer.
 */
export async function putUsesRecorded(queries: Queries, nowMs: number): Promise<void> {
  const untilMs = await findRecordedUntil(queries);
  if (untilMs !== undefined && nowMs < untilMs) await forgetGapsToCome(queries, nowMs);
  if (untilMs !== undefined && nowMs - untilMs > GAP_FROM_MS) await addGap(queries, { fromMs: untilMs, toMs: nowMs });
  await queries
    .insertInto("counters")
    .values({ room: ROOM, name: NAME, value: nowMs })
    .onConflict((conflict) => conflict.columns(["room", "name"]).doUpdateSet({ value: nowMs }))
    .execute();
}

async function findRecordedUntil(queries: Queries): Promise<number | undefined> {
  const found = queries.selectFrom("counters").select("value").where("room", "=", ROOM).where("name", "=", NAME);
  return (await found.executeTakeFirst())?.value;
}

async function addGap(queries: Queries, { fromMs, toMs }: UseGap): Promise<void> {
  await queries
    .insertInto("use_gaps")
    .values({ from_ms: fromMs, to_ms: toMs })
    .onConflict((conflict) => conflict.column("from_ms").doUpdateSet({ to_ms: toMs }))
    .execute();
  await sql`
    delete from use_gaps where from_ms in (
      select from_ms from use_gaps order by from_ms desc limit -1 offset ${MOST_GAPS})`.execute(queries);
  await sql`
    update in_use_clusters set holds_until_ms = holds_until_ms + ${toMs - fromMs}
    where holds_until_ms > ${fromMs}`.execute(queries);
}

/** The clock was wrong, and has been put back. */
async function forgetGapsToCome(queries: Queries, nowMs: number): Promise<void> {
  await queries.deleteFrom("use_gaps").where("from_ms", ">=", nowMs).execute();
  await queries.updateTable("use_gaps").set({ to_ms: nowMs }).where("to_ms", ">", nowMs).execute();
}

/** Those before now, the latest first, which may not be over yet; apart from each other. */
export async function listUseGaps(queries: Queries, nowMs: number): Promise<readonly UseGap[]> {
  const { rows } = await sql<UseGap>`
    select from_ms as fromMs, min(to_ms, ${nowMs}) as toMs from use_gaps where from_ms < ${nowMs}
    union all select value, ${nowMs} from counters where room = ${ROOM} and name = ${NAME} and value < ${nowMs}
    order by fromMs desc`.execute(queries);
  return rows;
}

/** Now, or the time up to which uses are on record, if that is before: nobody could be heard of since. */
export function lastRecorded(nowMs: number): RawBuilder<number> {
  return sql`min(${nowMs}, coalesce((select value from counters where room = ${ROOM} and name = ${NAME}), ${nowMs}))`;
}
