import { type Act, type MetadataDatabase, recordAct } from "../../metadata/index.ts";
import { systemClock } from "../../runtime/index.ts";
import { type GarbageCollection, type GarbageTally, NOTHING_COLLECTED } from "../../upkeep/index.ts";

/** A run of clean-up by hand. */
export interface RunByHand extends Pick<GarbageCollection, "run" | "onProgress"> {
  readonly metadata: MetadataDatabase;
  readonly isAudited: boolean;
  readonly actor: string;
  /** Instead of the configured one. */
  readonly windowMs?: number | undefined;
  readonly deleteUntagged: boolean;
}

/**
 * Puts a run on record when it has ended, with what it removed, if there is an audit trail: so what was removed leads by the run to
 * who did it. Also if it stopped on the way.
 */
export async function collectOnRecord(
  run: RunByHand,
  collect: (onProgress: (tally: GarbageTally) => void) => Promise<GarbageTally>,
): Promise<GarbageTally> {
  let tally = NOTHING_COLLECTED;
  try {
    tally = await collect((now) => {
      tally = now;
      run.onProgress?.(now);
    });
  } catch (error) {
    // Why it stopped says more than why that cannot be put on record.
    await recordRun(run, { outcome: "failure", tally }).catch(() => undefined);
    throw error;
  }
  await recordRun(run, { outcome: "success", tally });
  return tally;
}

async function recordRun(
  { metadata, isAudited, run, actor, windowMs, deleteUntagged }: RunByHand,
  { outcome, tally }: Pick<Act, "outcome"> & { readonly tally: GarbageTally },
): Promise<void> {
  if (!isAudited) return;
  const windowSeconds = windowMs === undefined ? undefined : windowMs / 1000;
  const detail = { run, windowSeconds, deleteUntagged, ...tally };
  const by = { actor, address: undefined, requestId: undefined };
  const act = { ...by, act: "gc.run", outcome, detail, atMs: systemClock.nowMs() };
  await metadata.transaction((queries) => recordAct(queries, act));
}
