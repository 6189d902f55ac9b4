import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../../config/index.ts";
import {
  copyDatabase,
  iterateRemovalsOf,
  type MetadataDatabase,
  openSqliteForReading,
  type Removal,
} from "../../metadata/index.ts";
import { parseDigest, RegistryError } from "../../oci/index.ts";
import { type ContentExplanation, explainContent, SETTLE_MS } from "../../registry/index.ts";
import { type Closers, systemClock } from "../../runtime/index.ts";
import { beginCollection, collectGarbage, type GarbageCollection, type GarbageTally } from "../../upkeep/index.ts";
import { requireChangeable } from "./require-changeable.ts";
import { collectOnRecord } from "./collect-on-record.ts";
import { stopwatchMs } from "../observation.ts";
import { requireDatabase } from "./require-database.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { TaskError } from "./task-error.ts";
import { openDatabaseFor, openStorageFor } from "./open-parts.ts";
import { runTask, stoppedBy } from "./run-task.ts";

export interface CollectOptions extends Pick<GarbageCollection, "signal" | "onProgress" | "onFailure"> {
  /** Who does it, for the audit trail. */
  readonly actor: string;
  /** Says what would go, and changes nothing. */
  readonly dryRun: boolean;
  /** Of a dry run: gets all that would go, in its order, some at a time, and is waited for. */
  readonly onWouldGo?: ((removals: readonly Removal[]) => Promise<void> | undefined) | undefined;
  /** Instead of the configured one. */
  readonly windowMs?: number | undefined;
  /** Manifests without a tag go as well, whatever is configured, unless a node of the namespace tree says that they stay. */
  readonly deleteUntagged: boolean;
}

const ROWS_AT_ONCE = 1000;

/**
 * Removes what nothing names any more from the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function collectGarbageOf(config: Config, options: CollectOptions): Promise<GarbageTally> {
  const path = await requireDatabase(config);
  const collectThere = options.dryRun ? collectInCopy : collect;
  return runTask((closers) => collectThere(config, path, options, closers), asTaskError);
}

async function collect(config: Config, path: string, options: CollectOptions, closers: Closers): Promise<GarbageTally> {
  const storage = await openStorageFor(closers, config.storage.driver);
  const metadata = await openDatabaseFor(closers, path);
  await requireChangeable(config, metadata);
  const place = { metadata, storage, settleMs: SETTLE_MS, run: randomUUID() };
  return collectOnRecord({ ...options, ...place, isAudited: config.audit.enabled }, (onProgress) =>
    collectFrom(config, place, { ...options, onProgress }),
  );
}

/** The same run on a copy of the database, with a storage that keeps everything: what it says would go does go. */
async function collectInCopy(
  config: Config,
  path: string,
  options: CollectOptions,
  closers: Closers,
): Promise<GarbageTally> {
  const folder = await makeScratchFolder(dirname(path), "dry-run");
  closers.add(() => rm(folder, { recursive: true }));
  const copy = join(folder, "copy.db");
  copyDatabase(path, copy);
  const metadata = await openDatabaseFor(closers, copy);
  const storage = { remove: () => Promise.resolve() };
  const run = randomUUID();
  const tally = await collectFrom(config, { metadata, storage, settleMs: 0, run }, options);
  for await (const removals of iterateRemovalsOf(metadata.reads, run, ROWS_AT_ONCE))
    await options.onWouldGo?.(removals);
  return tally;
}

interface Place extends Pick<GarbageCollection, "settleMs" | "run"> {
  readonly metadata: MetadataDatabase;
  readonly storage: GarbageCollection["registry"]["storage"];
}

async function collectFrom(
  config: Config,
  { metadata, storage, settleMs, run }: Place,
  options: CollectOptions,
): Promise<GarbageTally> {
  const registry = { metadata, storage, clock: systemClock };
  const rules = await beginCollection(registry, config.storage.collection, options);
  return collectGarbage({ ...options, ...rules, registry, run, stopwatchMs, settleMs });
}

/**
 * What keeps a blob or a manifest of the registry that the configuration names, or what removed it.
 * @throws TaskError
 */
export async function explainContentOf(config: Config, digest: string): Promise<ContentExplanation> {
  const path = await requireDatabase(config);
  const { untagged } = config.storage.collection;
  return runTask(async (closers) => {
    const metadata = await openSqliteForReading(path);
    closers.add(() => metadata.close());
    return explainContent(metadata.reads, parseDigest(digest), { untagged, nowMs: systemClock.nowMs() });
  }, asTaskError);
}

function asTaskError(error: unknown): unknown {
  if (error instanceof RegistryError) return new TaskError("failed", `${error.message}.`, { cause: error });
  return asStopped(error);
}

const asStopped = stoppedBy((reason) => `Clean-up stopped: ${reason}. It may be run again.`);
