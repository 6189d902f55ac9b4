import { pruneRepositoryMoves, pruneTagHistory, shortenTagHistories } from "../../metadata/index.ts";
import { findMaintenance, type Registry } from "../../registry/index.ts";
import { type Log, pause, type Schedule, startSchedule } from "../../runtime/index.ts";

/** `storage.maintenance.history` of the configuration. */
export interface HistoryOptions {
  /** 0: for good. */
  readonly keepMs: number;
  /** Of each tag; 0: no limit. */
  readonly keepChanges: number;
}

export interface HistoryParts {
  readonly registry: Pick<Registry, "metadata" | "clock" | "options">;
  readonly log: Log;
  /** From 0 to below 1, so that replicas do not all begin at once. */
  readonly randomPart: number;
}

const INTERVAL_MS = 3_600_000;
const LONGEST_FIRST_WAIT_MS = 600_000;
/** So that a step takes a millisecond or two. */
const AT_ONCE = 200;
const REST_MS = 5;
const NAMES_MS = 365 * 86_400_000;

/** Forgets old changes of tags now and then until it is stopped; never, if all are kept or the registry is read-only. */
export function startPruningHistory({ registry, log, randomPart }: HistoryParts, options: HistoryOptions): Schedule {
  const keepsAll = options.keepMs === 0 && options.keepChanges === 0;
  if (keepsAll || registry.options.readOnly) return { stop: () => Promise.resolve() };
  const pruner = new HistoryPruner(registry, options);
  return startSchedule({
    firstAfterMs: randomPart * LONGEST_FIRST_WAIT_MS,
    intervalMs: INTERVAL_MS,
    run: async (signal) => {
      if (!(await findMaintenance(registry))) await pruner.prune(signal);
    },
    onError: (error) => log.error("old changes of tags could not be removed; the next run tries again", { error }),
  });
}

/** Forgets in small steps what is too old or too much. Each run looks at the tags that were changed since the one before. */
export class HistoryPruner {
  readonly #registry: HistoryParts["registry"];
  readonly #options: HistoryOptions;
  /** The last change whose tag was looked at. */
  #lookedThrough = 0;

  constructor(registry: HistoryParts["registry"], options: HistoryOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  /** @throws MetadataError */
  async prune(signal: AbortSignal): Promise<void> {
    const { keepMs, keepChanges } = this.#options;
    const beforeMs = this.#registry.clock.nowMs() - keepMs;
    await this.#forgetNames();
    if (keepMs > 0) await inSteps(() => this.#forgetSome(beforeMs), signal);
    if (keepChanges > 0) await inSteps(() => this.#shortenSome(), signal);
  }

  /** Old names that have led nowhere for long; until then a cluster may still run something under one. */
  #forgetNames(): Promise<void> {
    const { metadata, clock } = this.#registry;
    const beforeMs = clock.nowMs() - NAMES_MS;
    return metadata.transaction((queries) => pruneRepositoryMoves(queries, beforeMs), { durable: false });
  }

  /** @returns whether there may be more */
  #forgetSome(beforeMs: number): Promise<boolean> {
    const { metadata } = this.#registry;
    return metadata.transaction((queries) => pruneTagHistory(queries, beforeMs, AT_ONCE), { durable: false });
  }

  /** @returns whether there may be more */
  async #shortenSome(): Promise<boolean> {
    const look = { keep: this.#options.keepChanges, afterId: this.#lookedThrough, limit: AT_ONCE };
    const { metadata } = this.#registry;
    const last = await metadata.transaction((queries) => shortenTagHistories(queries, look), { durable: false });
    this.#lookedThrough = last ?? this.#lookedThrough;
    return last !== undefined;
  }
}

/** @param step returns whether there may be more to do */
async function inSteps(step: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await step())) await pause(REST_MS, signal);
}
