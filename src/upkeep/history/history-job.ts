import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import { pruneRepositoryMoves, pruneTagHistory, shortenTagHistories } from "../../metadata/index.ts";
import type { Registry } from "../../registry/index.ts";
import { pause } from "../../runtime/index.ts";
import { toJobSchedule, type WhenOptions } from "../when.ts";

/** `storage.maintenance.history` of the configuration. */
export interface HistoryOptions extends WhenOptions {
  /** 0: for good. */
  readonly keepMs: number;
  /** Of each tag; 0: no limit. */
  readonly keepChanges: number;
}

const historyInput = z.strictObject({});
type HistoryInput = z.output<typeof historyInput>;

export const HISTORY_JOB: JobKind<HistoryInput> = {
  name: "history",
  about: "Forgets old changes of tags, and names that repositories had long ago.",
  input: historyInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** What was forgotten. */
export interface HistoryTally {
  changes: number;
  names: number;
}

interface HistoryParts {
  readonly registry: Pick<Registry, "metadata" | "clock">;
}

/** So that a step takes a millisecond or two: every push waits for it. */
const AT_ONCE = 200;
const REST_MS = 5;
/** Until then a cluster may still run something under an old name that leads nowhere. */
const NAMES_MS = 365 * 86_400_000;

/** Forgets in small steps what is too old or too much, when it is configured or asked for. */
export function historyWork(parts: HistoryParts, options: HistoryOptions): JobWork {
  return defineWork({
    kind: HISTORY_JOB,
    schedule: toJobSchedule(options),
    run: (turn: JobTurn<HistoryInput>) => forget(parts, options, turn),
    isUneventful: () => true,
  });
}

async function forget(
  { registry: { metadata, clock } }: HistoryParts,
  { keepMs, keepChanges }: HistoryOptions,
  turn: JobTurn<HistoryInput>,
): Promise<Readonly<HistoryTally>> {
  const tally: HistoryTally = { changes: 0, names: 0, ...turn.progress?.detail };
  const nowMs = clock.nowMs();
  const report = (changes: number) => {
    tally.changes += changes;
    turn.report({ done: tally.changes, total: null, unit: "change", detail: { ...tally } });
  };
  tally.names += await metadata.transaction((queries) => pruneRepositoryMoves(queries, nowMs - NAMES_MS), {
    durable: false,
  });
  const forgetOld = () =>
    metadata.transaction((queries) => pruneTagHistory(queries, nowMs - keepMs, AT_ONCE), { durable: false });
  if (keepMs > 0) for (let more = AT_ONCE; more === AT_ONCE; report(more)) more = await inStep(forgetOld, turn);
  // Of each tag that was changed since the run before.
  const shorten = () =>
    metadata.transaction((queries) => shortenTagHistories(queries, keepChanges, AT_ONCE), { durable: false });
  if (keepChanges > 0)
    for (let some = await inStep(shorten, turn); some; some = await inStep(shorten, turn)) report(some.removed);
  return tally;
}

async function inStep<T>(step: () => Promise<T>, { signal }: JobTurn): Promise<T> {
  await pause(REST_MS, signal);
  signal.throwIfAborted();
  return step();
}
