import type { AuditTrail, ChainReport } from "../../app/index.ts";

export interface ExportComparison {
  /** Exported acts that are in the trail as they were. */
  readonly same: number;
  /** Exported acts that were removed from the trail for their age since. */
  readonly removed: number;
  /** Lines that are no exported act, such as half a one. */
  readonly unreadable: number;
  /** The first act that is not in the trail as it was exported. */
  readonly different?: { readonly sequence: number };
}

interface ExportedAct {
  readonly sequence: number;
  readonly hash: string;
}

const LINES_AT_ONCE = 1000;

/** Compares what was exported before with the trail, which begins behind `removedThrough`. Lines may be there twice. */
export async function compareWithExport(
  trail: Pick<AuditTrail, "list">,
  { removedThrough }: Pick<ChainReport, "removedThrough">,
  lines: AsyncIterable<string>,
): Promise<ExportComparison> {
  const sums = { same: 0, removed: 0, unreadable: 0 };
  for await (const batch of batches(lines)) {
    const acts = batch.flatMap((line) => exportedAct(line) ?? []);
    sums.unreadable += batch.length - acts.length;
    const kept = acts.filter(({ sequence }) => sequence > removedThrough);
    sums.removed += acts.length - kept.length;
    const hashes = await hashesOf(trail, kept);
    for (const { sequence, hash } of kept) {
      if (hashes.get(sequence) !== hash) return { ...sums, different: { sequence } };
      sums.same++;
    }
  }
  return sums;
}

async function* batches(lines: AsyncIterable<string>): AsyncGenerator<readonly string[], void, void> {
  let batch: string[] = [];
  for await (const line of lines) {
    if (line === "") continue;
    batch.push(line);
    if (batch.length < LINES_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function hashesOf(trail: Pick<AuditTrail, "list">, acts: readonly ExportedAct[]): Promise<Map<number, string>> {
  const hashes = new Map<number, string>();
  for (const { sequence } of acts) {
    if (hashes.has(sequence)) continue;
    const page = await trail.list({ afterSequence: sequence - 1, limit: LINES_AT_ONCE });
    for (const record of page) hashes.set(record.sequence, record.hash);
  }
  return hashes;
}

function exportedAct(line: string): ExportedAct | undefined {
  try {
    const act = JSON.parse(line) as Partial<ExportedAct> | null;
    const { sequence, hash } = act ?? {};
    return typeof sequence === "number" && typeof hash === "string" ? { sequence, hash } : undefined;
  } catch {
    return undefined;
  }
}
