import { sql } from "kysely";
import type { Queries } from "../database.ts";

/** `warn`: the limit is nearly reached, and that was told · `refused`: that pushes were refused was told. */
export type QuotaAlarmKind = "warn" | "refused";

/** That something was told of a limit of a node. */
export interface QuotaAlarm {
  readonly path: string;
  /** Of what there is a limit, such as `bytes`. */
  readonly quantity: string;
  readonly kind: QuotaAlarmKind;
}

export async function listQuotaAlarms(queries: Queries, kind: QuotaAlarmKind): Promise<readonly QuotaAlarm[]> {
  return queries
    .selectFrom("quota_alarms")
    .select(["path", "quantity", "kind"])
    .where("kind", "=", kind)
    .orderBy("path")
    .execute();
}

export interface NewAlarm extends QuotaAlarm {
  readonly nowMs: number;
  /** One that was put longer ago is told again; absent: while there is one, it is not. */
  readonly againAfterMs?: number;
}

/** Of several processes that want to tell the same only one may. @returns whether it is to be told now */
export async function putQuotaAlarm(queries: Queries, alarm: NewAlarm): Promise<boolean> {
  const { path, quantity, kind, nowMs, againAfterMs } = alarm;
  const put = await queries
    .insertInto("quota_alarms")
    .values({ path, quantity, kind, at_ms: nowMs })
    .onConflict((conflict) => {
      const same = conflict.columns(["path", "quantity", "kind"]);
      if (againAfterMs === undefined) return same.doNothing();
      const isOld = sql<boolean>`quota_alarms.at_ms <= ${nowMs - againAfterMs}`;
      // A clock that was put back keeps nothing quiet.
      const isAhead = sql<boolean>`quota_alarms.at_ms > ${nowMs}`;
      return same.doUpdateSet({ at_ms: nowMs }).where((where) => where.or([isOld, isAhead]));
    })
    .executeTakeFirst();
  return (put.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function removeQuotaAlarm(queries: Queries, { path, quantity, kind }: QuotaAlarm): Promise<void> {
  await queries
    .deleteFrom("quota_alarms")
    .where("path", "=", path)
    .where("quantity", "=", quantity)
    .where("kind", "=", kind)
    .execute();
}
