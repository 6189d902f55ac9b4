import type { Selectable } from "kysely";
import type { Schema } from "../schema.ts";

export type AuditRow = Selectable<Schema["audit"]>;

/** What a row says, and where it stands. */
export type ChainedRow = Omit<AuditRow, "hash">;

/** What the first row of all follows. */
export const FIRST_HASH = "0".repeat(64);

/** The hash of a row: of the hash before it, of its place and of all that it says. Who has exported rows can compute it again. */
export function chainedHash(hashBefore: string, row: ChainedRow): string {
  const { sequence, at_ms, act, outcome, actor, address, target, request_id, detail } = row;
  const said = [hashBefore, sequence, at_ms, act, outcome, actor, address, target, request_id, detail];
  return Bun.SHA256.hash(JSON.stringify(said), "hex");
}
