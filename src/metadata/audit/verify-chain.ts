import type { Queries } from "../database.ts";
import { type ChainStart, findChainStart } from "./anchor.ts";
import { type AuditRow, chainedHash } from "./chain.ts";
import { findChainEnd } from "./record-act.ts";

/**
 * `changed`: the row does not follow from the one before it, so one of the two was changed, or others are in their places ·
 * `missing`: rows from this one on are gone, though later ones are there · `missing-end`: this one and all that followed it are
 * gone · `added`: the row stands where rows were removed for their age.
 */
export type ChainBreak = "changed" | "missing" | "missing-end" | "added";

export interface ChainReport {
  /** How many follow from one another, from the first on. */
  readonly rows: number;
  /** The last that was removed for its age; 0 if none was. */
  readonly removedThrough: number;
  /** 0 if there are no rows, as is the next. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of the last row that follows; written down elsewhere it proves later that nothing up to here was changed. */
  readonly lastHash: string;
  /** The first place that is wrong. */
  readonly broken?: { readonly sequence: number; readonly reason: ChainBreak };
}

export interface ChainProgress {
  readonly rows: number;
  /** The last that is there. */
  readonly endSequence: number;
}

const ROWS_AT_ONCE = 1000;

/**
 * Reads the whole audit trail and computes its chain again, from where rows were removed for their age to the last row that there
 * ever was. Rows may be added and removed for their age meanwhile.
 */
export async function verifyChain(
  queries: Queries,
  onProgress: (progress: ChainProgress) => void = () => undefined,
): Promise<ChainReport> {
  for (;;) {
    const start = await findChainStart(queries);
    const report = await verifyFrom(queries, start, onProgress);
    // Rows that were removed for their age since the start look like a break.
    if (!report.broken || (await findChainStart(queries)).sequence === start.sequence) return report;
  }
}

async function verifyFrom(
  queries: Queries,
  start: ChainStart,
  onProgress: (progress: ChainProgress) => void,
): Promise<ChainReport> {
  const walk = new ChainWalk(start);
  for (let from = 0; ; from = walk.sequence) {
    // Before the rows: what is added later is read in the next turn, or not at all.
    const { sequence: endSequence } = await findChainEnd(queries);
    const page = await listRowsAfter(queries, from, ROWS_AT_ONCE);
    for (const row of page) if (!walk.step(row)) return walk.report();
    if (page.length === 0) {
      if (walk.sequence < endSequence) walk.break(walk.sequence + 1, "missing-end");
      return walk.report();
    }
    onProgress({ rows: walk.rows, endSequence });
    await new Promise(setImmediate);
  }
}

/** Goes from row to row as long as each follows from the one before. */
export class ChainWalk {
  rows = 0;
  sequence: number;
  hash: string;
  readonly #removedThrough: number;
  #firstSequence = 0;
  #broken: ChainReport["broken"];

  constructor(start: ChainStart) {
    this.sequence = this.#removedThrough = start.sequence;
    this.hash = start.hash;
  }

  /** @returns whether the row follows */
  step(row: AuditRow): boolean {
    const next = this.sequence + 1;
    if (row.sequence < next) return this.break(row.sequence, "added");
    if (row.sequence > next) return this.break(next, "missing");
    if (row.hash !== chainedHash(this.hash, row)) return this.break(row.sequence, "changed");
    if (this.rows++ === 0) this.#firstSequence = row.sequence;
    this.sequence = row.sequence;
    this.hash = row.hash;
    return true;
  }

  break(sequence: number, reason: ChainBreak): false {
    this.#broken = { sequence, reason };
    return false;
  }

  report(): ChainReport {
    const { rows, sequence, hash } = this;
    const report = {
      rows,
      removedThrough: this.#removedThrough,
      firstSequence: this.#firstSequence,
      lastSequence: rows === 0 ? 0 : sequence,
      lastHash: hash,
    };
    return this.#broken ? { ...report, broken: this.#broken } : report;
  }
}

/** In their order. */
export function listRowsAfter(queries: Queries, sequence: number, limit: number): Promise<readonly AuditRow[]> {
  return queries
    .selectFrom("audit")
    .selectAll()
    .where("sequence", ">", sequence)
    .orderBy("sequence")
    .limit(limit)
    .execute();
}
