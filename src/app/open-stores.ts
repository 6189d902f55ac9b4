import { stopwatchMs } from "./observation.ts";
import type { Config } from "../config/index.ts";
import type { DatabaseFailures } from "./database-failures.ts";
import { measureMetadata, measureStorage, type Metrics, traceStorage, type Tracing } from "../http/index.ts";
import { joinServing, lockForServing, type MetadataDatabase, openSqlite } from "../metadata/index.ts";
import { openChangeCounter, type ProcessPlace } from "../processes/index.ts";
import { BLOBS_FOLDER, type Registry } from "../registry/index.ts";
import { type Closers, systemClock } from "../runtime/index.ts";
import { requireImported, requireKnownContent } from "./require-known-content.ts";
import { openStorage, type StorageDriver, StorageError } from "../storage/index.ts";

/** Where bytes and rows are. */
export interface Stores {
  readonly storage: StorageDriver;
  readonly metadata: MetadataDatabase;
}

export interface StoreParts {
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  /** Where this process stands, if several serve together. */
  readonly place: ProcessPlace | undefined;
  readonly tell: (notice: string) => void;
  readonly failures: DatabaseFailures;
}

/** As long as another process may take to stop, when one is started in its place. */
const LOCK_WAIT_MS = 10_000;

export function patience(tell: (notice: string) => void) {
  const told = `waiting up to ${LOCK_WAIT_MS / 1000} s for it to stop`;
  return { waitMs: LOCK_WAIT_MS, tell: (holder: string) => tell(`${holder}; ${told}`) };
}

/**
 * Opens storage and database, for this process alone or for those that it serves together with.
 * @throws StartError if the directory is a registry:2's that was not imported, or holds blobs and the database is missing
 * @throws StorageError
 * @throws MetadataError
 */
export async function openStores(config: Config, parts: StoreParts, closers: Closers): Promise<Stores> {
  const storage = await openBytes(config, closers);
  const metadata = await openDatabase(config.database.path, parts, closers);
  await requireImported(config, { storage, metadata });
  const { metrics, tracing } = parts;
  const traced = tracing ? traceStorage(storage, tracing) : storage;
  return {
    storage: measureStorage(traced, metrics, stopwatchMs),
    metadata: measureMetadata(metadata, metrics, stopwatchMs),
  };
}

/**
 * Opens storage alone; where it refuses, a start leaves nothing behind.
 * @throws StartError, StorageError
 */
export async function openBytes(config: Config, closers: Closers): Promise<StorageDriver> {
  const { driver, readOnly } = config.storage;
  const writtenPrefix = readOnly ? undefined : BLOBS_FOLDER;
  const storage = await openStorage(driver, { clock: systemClock, writtenPrefix });
  closers.add(() => storage.close());
  await requireKnownContent(config, storage);
  if (!readOnly) await requirePermission(storage);
  return storage;
}

/** A registry with nothing in it, opened when it is first asked for. */
export function openEmptyRegistry(registry: Registry, closers: Closers): () => Promise<Registry> {
  let empty: Promise<Registry> | undefined;
  return () => {
    empty ??= openSqlite(":memory:").then((metadata) => {
      closers.add(() => metadata.close());
      return { ...registry, metadata };
    });
    return empty;
  };
}

async function openDatabase(
  path: string,
  { place, tell, failures }: Pick<StoreParts, "place" | "tell" | "failures">,
  closers: Closers,
): Promise<MetadataDatabase> {
  const lock = place ? await joinServing(path) : await lockForServing(path, patience(tell));
  closers.add(() => lock.release());
  const metadata = await openSqlite(path, {
    changes: place && openChangeCounter(place),
    report: (failure) => failures.note(failure),
  });
  closers.add(() => metadata.close());
  return metadata;
}

/** A start on what may not be written would take no push. What may pass, such as a full disk, is told by the health checks. */
async function requirePermission(storage: StorageDriver): Promise<void> {
  await storage.check().catch((error: unknown) => {
    if (error instanceof StorageError && error.reason === "readonly") throw error;
  });
}
