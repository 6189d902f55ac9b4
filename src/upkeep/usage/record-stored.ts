import {
  addStoredHours,
  findStoredNow,
  listStoredNow,
  type MeasuredNode,
  type MetadataDatabase,
  putBinBytes,
  putStoredNow,
  removeOldStoredDays,
  removeStoredNow,
  type StoredHours,
} from "../../metadata/index.ts";
import type { MeasuredStorage } from "./measure-nodes.ts";
import { dayOf, REMEMBERED_MS } from "./days.ts";

const NODES_AT_ONCE = 200;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Puts on record what was measured. What was found the time before is what a node has held since; of a node that is measured for
 * the first time nothing is known yet.
 * @throws MetadataError
 */
export async function recordStored(
  metadata: MetadataDatabase,
  measured: MeasuredStorage,
  nowMs: number,
): Promise<void> {
  const names = new Set(measured.nodes.keys());
  for (const name of await allMeasuredBefore(metadata)) names.add(name);
  const all = [...names];
  for (let from = 0; from < all.length; from += NODES_AT_ONCE)
    await recordSome(metadata, measured, all.slice(from, from + NODES_AT_ONCE), nowMs);
  await metadata.transaction(async (queries) => {
    await putBinBytes(queries, measured.binBytes);
    await removeOldStoredDays(queries, dayOf(nowMs - REMEMBERED_MS));
  });
}

async function allMeasuredBefore({ reads }: MetadataDatabase): Promise<readonly string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ;) {
    const page: readonly MeasuredNode[] = await listStoredNow(reads, { after, limit: NODES_AT_ONCE });
    names.push(...page.map(({ node }) => node));
    if (page.length < NODES_AT_ONCE) return names;
    after = page.at(-1)?.node;
  }
}

/** What they held until now and what they hold go together: a run that is begun again counts nothing twice. */
async function recordSome(
  metadata: MetadataDatabase,
  { nodes }: MeasuredStorage,
  names: readonly string[],
  nowMs: number,
): Promise<void> {
  await metadata.transaction(async (queries) => {
    const before = await findStoredNow(queries, names);
    await addStoredHours(
      queries,
      before.flatMap((each) => hoursSince(each, nowMs)),
    );
    const now = names.flatMap((node) => {
      const held = nodes.get(node);
      return held ? [{ node, atMs: nowMs, ...held }] : [];
    });
    await putStoredNow(queries, now);
    for (const { node } of before) if (!nodes.has(node)) await removeStoredNow(queries, node);
  });
}

/** One row for each day, in UTC, since it was measured. */
function hoursSince({ node, atMs, ...held }: MeasuredNode, nowMs: number): readonly StoredHours[] {
  const rows: StoredHours[] = [];
  // What would be forgotten at once is not made.
  let fromMs = Math.max(atMs, nowMs - REMEMBERED_MS);
  while (fromMs < nowMs) {
    const toMs = Math.min(nowMs, (Math.floor(fromMs / DAY_MS) + 1) * DAY_MS);
    const hours = (toMs - fromMs) / HOUR_MS;
    rows.push({
      node,
      day: dayOf(fromMs),
      hours,
      storedByteHours: held.storedBytes * hours,
      dedupedByteHours: held.dedupedBytes * hours,
      uniqueByteHours: held.uniqueBytes * hours,
    });
    fromMs = toMs;
  }
  return rows;
}
