import { createHash } from "node:crypto";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";

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

const selectLast = preparedQuery((queries) =>
  queries.selectFrom("audit").select("hash").orderBy("sequence", "desc").limit(1),
);

/** What the chain begins with. */
export const FIRST_HASH = "0".repeat(64);

type Row = Readonly<Record<(typeof HASHED_COLUMNS)[number], string | number | null>>;

const insertRow = preparedQuery((queries, row: Row & { readonly hash: string }) =>
  queries.insertInto("audit").values({
    at_ms: row.at_ms as number,
    act: row.act as string,
    outcome: row.outcome as "success",
    actor: row.actor as string | null,
    address: row.address as string | null,
    target: row.target as string | null,
    request_id: row.request_id as string | null,
    detail: row.detail as string | null,
    hash: row.hash,
  }),
);

/** Adds to the audit trail, in the transaction of the act itself. */
export async function recordAct(queries: Queries, act: Act): Promise<void> {
  const [last] = await selectLast(queries, {});
  const row: Row = {
    at_ms: act.atMs,
    act: act.act,
    outcome: act.outcome,
    actor: act.actor ?? null,
    address: act.address ?? null,
    target: act.target ?? null,
    request_id: act.requestId ?? null,
    detail: act.detail ? JSON.stringify(act.detail) : null,
  };
  await insertRow(queries, { ...row, hash: chainedHash(last?.hash ?? FIRST_HASH, row) });
}

/** In the order in which they are hashed. */
const HASHED_COLUMNS = ["at_ms", "act", "outcome", "actor", "address", "target", "request_id", "detail"] as const;

/** The hash of a row that follows another: of the other's hash and of all that the row says. */
export function chainedHash(before: string, row: Row): string {
  const text = JSON.stringify([before, ...HASHED_COLUMNS.map((column) => row[column])]);
  return createHash("sha256").update(text).digest("hex");
}
