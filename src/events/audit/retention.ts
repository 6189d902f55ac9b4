import { findExportPosition, type MetadataDatabase, pruneActs, type Queries } from "../../metadata/index.ts";
import { type Clock, type Log, type Schedule, startSchedule } from "../../runtime/index.ts";

export interface RetentionParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 to below 1, so that registries do not all begin at once. */
  readonly randomPart: number;
}

export interface RetentionOptions {
  /** 0: acts are kept for good. */
  readonly retentionMs: number;
  /** Acts that one of them has not sent yet are kept. */
  readonly exporters: readonly string[];
}

const EVERY_MS = 3_600_000;
/** Others who write wait meanwhile. */
const ROWS_AT_ONCE = 500;

/** Removes acts that are older than they are to be, once in an hour, until it is stopped. */
export function startAuditRetention(parts: RetentionParts, options: RetentionOptions): Schedule {
  if (options.retentionMs === 0) return { stop: () => Promise.resolve() };
  const { log, randomPart } = parts;
  return startSchedule({
    firstAfterMs: randomPart * Math.min(EVERY_MS, options.retentionMs),
    intervalMs: EVERY_MS,
    run: (signal) => removeOldActs(parts, options, signal),
    onError: (error) =>
      log.error("old acts could not be removed from the audit trail; the next run tries again", { error }),
  });
}

export async function removeOldActs(
  { metadata, log, clock }: Omit<RetentionParts, "randomPart">,
  { retentionMs, exporters }: RetentionOptions,
  signal?: AbortSignal,
): Promise<void> {
  const beforeMs = clock.nowMs() - retentionMs;
  const throughSequence = await leastPosition(metadata, exporters);
  const prune = (queries: Queries) => pruneActs(queries, { beforeMs, throughSequence, limit: ROWS_AT_ONCE });
  let removed = 0;
  for (let isOver = false; !isOver;) {
    const pruned = await metadata.transaction(prune, { durable: false });
    removed += pruned.removed;
    isOver = pruned.removed < ROWS_AT_ONCE || (signal?.aborted ?? false);
    if (pruned.broken) log.error(BROKEN, pruned.broken);
  }
  if (removed > 0) log.info("removed old acts from the audit trail", { removed });
}

const BROKEN = "the audit trail is broken, and what is wrong is not removed: look at it with audit verify";

async function leastPosition(metadata: MetadataDatabase, exporters: readonly string[]): Promise<number> {
  const positions = await Promise.all(exporters.map((name) => findExportPosition(metadata.reads, name)));
  return Math.min(Number.POSITIVE_INFINITY, ...positions);
}
