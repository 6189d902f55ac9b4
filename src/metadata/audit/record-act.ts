import { sql } from "kysely";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import { type AuditRow, chainedHash, FIRST_HASH } from "./chain.ts";

/** Who does something, and from where. */
export interface ActOrigin {
  /** `undefined`: nobody in particular. */
  readonly actor: string | undefined;
  readonly address: string | undefined;
  readonly requestId: string | undefined;
}

/** Something that happened, for the audit trail. */
export interface Act extends ActOrigin {
  readonly atMs: number;
  /** What it is done to and what is done, such as `manifest.push`, `user.create`, `sign-in`. */
  readonly act: string;
  readonly outcome: "success" | "failure";
  /** What it was done to, such as a repository's name or an account's. */
  readonly target?: string | undefined;
  /** Never a secret. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** Adds to the audit trail, in the transaction of the act itself: both are there, or neither is. */
export async function recordAct(queries: Queries, act: Act): Promise<void> {
  const end = await findChainEnd(queries);
  const row = {
    sequence: end.sequence + 1,
    at_ms: act.atMs,
    act: act.act,
    outcome: act.outcome,
    actor: act.actor ?? null,
    address: act.address ?? null,
    target: act.target ?? null,
    request_id: act.requestId ?? null,
    detail: act.detail ? JSON.stringify(act.detail) : null,
  };
  await insertRow(queries, { ...row, hash: chainedHash(end.hash, row) });
}

/** What the next row follows. */
export interface ChainEnd {
  /** The highest that was ever given out, also if its row is gone. */
  readonly sequence: number;
  readonly hash: string;
}

export async function findChainEnd(queries: Queries): Promise<ChainEnd> {
  const [end] = await selectEnd(queries, {});
  return end ?? { sequence: 0, hash: FIRST_HASH };
}

/** SQLite keeps the number of the last row for itself: rows that somebody takes from the end leave a gap that stays. */
const selectEnd = preparedQuery((queries) =>
  queries.selectNoFrom([
    sql<number>`max(
      coalesce((select seq from sqlite_sequence where name = 'audit'), 0),
      coalesce((select sequence from audit order by sequence desc limit 1), 0),
      coalesce((select sequence from audit_anchors), 0)
    )`.as("sequence"),
    sql<string>`coalesce(
      (select hash from audit order by sequence desc limit 1),
      (select hash from audit_anchors),
      ${sql.lit(FIRST_HASH)}
    )`.as("hash"),
  ]),
);

const insertRow = preparedQuery((queries, row: AuditRow) =>
  queries.insertInto("audit").values({
    sequence: row.sequence,
    at_ms: row.at_ms,
    act: row.act,
    outcome: row.outcome,
    actor: row.actor,
    address: row.address,
    target: row.target,
    request_id: row.request_id,
    detail: row.detail,
    hash: row.hash,
  }),
);
