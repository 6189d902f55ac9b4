import { countBacklog, type GarbageBacklog, type MetadataDatabase } from "../../metadata/index.ts";
import { type Registry, SETTLE_MS, type UntaggedRule } from "../../registry/index.ts";
import { type Log, type Schedule, startSchedule } from "../../runtime/index.ts";
import { collectGarbage, type GarbageTally } from "./collect-garbage.ts";

export type { GarbageBacklog };

/** `storage.maintenance.gc` of the configuration. */
export interface CollectionOptions {
  readonly enabled: boolean;
  /** From the end of a run to the start of the next. */
  readonly intervalMs: number;
  /** What has lost the last that named it stays this long. */
  readonly windowMs: number;
  readonly untagged: UntaggedRule;
}

export interface CollectingParts {
  readonly registry: Registry;
  readonly log: Log;
  readonly newId: () => string;
  /** From 0 to below 1, so that replicas do not all begin at once. */
  readonly randomPart: number;
  readonly counts: CollectionCounts;
}

/** What runs of this process did since its start, for its metrics. */
export type CollectionCounts = { -readonly [Name in keyof GarbageTally]: number };

export const NOTHING_COLLECTED: GarbageTally = {
  candidates: 0,
  manifests: 0,
  links: 0,
  blobs: 0,
  freedBytes: 0,
  failed: 0,
};

/** The first run waits no longer than this, so that a registry which is restarted often is cleaned up, too. */
const LONGEST_FIRST_WAIT_MS = 600_000;

/** Cleans up now and then until it is stopped; never, if that is switched off or the registry is read-only. */
export function startCollecting(parts: CollectingParts, options: CollectionOptions): Schedule {
  const { registry, log, randomPart } = parts;
  if (!options.enabled || registry.options.readOnly) return { stop: () => Promise.resolve() };
  return startSchedule({
    firstAfterMs: randomPart * Math.min(options.intervalMs, LONGEST_FIRST_WAIT_MS),
    intervalMs: options.intervalMs,
    run: (signal) => runCollection(parts, options, signal),
    onError: (error) => log.error("clean-up broke off; the next run goes on", { error }),
  });
}

async function runCollection(parts: CollectingParts, options: CollectionOptions, signal: AbortSignal): Promise<void> {
  const { registry, log, newId, counts } = parts;
  const run = newId();
  let counted: GarbageTally = NOTHING_COLLECTED;
  const tally = await collectGarbage({
    registry,
    run,
    windowMs: options.windowMs,
    settleMs: SETTLE_MS,
    untaggedRuleOf: () => options.untagged,
    signal,
    onProgress(progress) {
      for (const [name, value] of Object.entries(progress) as [keyof GarbageTally, number][])
        counts[name] += value - counted[name];
      counted = progress;
    },
    onFailure: (error) => log.warn("bytes that nobody needs were not removed; a later run tries again", { error }),
  });
  const { manifests, links, blobs, failed } = tally;
  if (manifests + links + blobs + failed > 0) log.info("cleaned up", { run, ...tally });
  else log.debug("nothing to clean up", { run, candidates: tally.candidates });
}

/** How much waits for clean-up, whatever process does it. */
export function getGarbageBacklog({ reads }: MetadataDatabase): Promise<GarbageBacklog> {
  return countBacklog(reads);
}
