import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { openAccess } from "./open-access.ts";
import { keepAudit } from "./keep-audit.ts";
import { runJobs } from "./run-jobs.ts";
import { createPages, listen, listenForDebugging } from "./listeners.ts";
import {
  addDiskReading,
  addHealthReading,
  addMaintenanceReading,
  addProcessReadings,
  addQuotaReadings,
  addReadings,
  createObserver,
  openLog,
  stopwatchMs,
} from "./observation.ts";
import { httpOptions, registryOptions } from "./room-options.ts";
import { openHealth } from "./open-health.ts";
import { openEmptyRegistry, openStores, type Stores } from "./open-stores.ts";
import type { Config } from "../config/index.ts";
import { DatabaseFailures } from "./database-failures.ts";
import { createMetrics, createRequestHandler, createTracing, type Metrics, RateLimits } from "../http/index.ts";
import { drawOwnId, ownerOf, type ProcessPlace } from "../processes/index.ts";
import {
  createRegistry,
  describeMaintenance,
  findMaintenance,
  isInMaintenance,
  type Registry,
} from "../registry/index.ts";
import { Closers, createHashPool, type Log, type Soon, systemClock, whenThere } from "../runtime/index.ts";
import { asStartError } from "./start-error.ts";
import { stopApp } from "./stop-app.ts";
import { addUsageReadings } from "./usage-readings.ts";
import {
  NamespaceTally,
  QuotaWatch,
  startQuotaWatch,
  startReadingLabels,
  startUploadPurging,
  stopDescribing,
  UsageMeter,
} from "../upkeep/index.ts";
import { VERSION } from "./version.ts";

/** A registry that serves. */
export interface App {
  /** What clients reach it under, from this machine. */
  readonly url: URL;
  /** Lets running requests end within the configured time, then closes everything. @returns whether it could; else the log says why not */
  stop(): Promise<boolean>;
}

/** What a start is given beside its configuration. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends a start that waits, such as for a first certificate. */
  readonly signal: AbortSignal;
  /** Tells the person who starts it what must be read whatever the log's level is. */
  readonly tell: (notice: string) => void;
  /** Where this process stands, if several serve together. */
  readonly place?: ProcessPlace;
}

/**
 * Builds the running system from its configuration.
 * @throws StartError
 */
export async function startApp(config: Config, surroundings: Surroundings): Promise<App> {
  const closers = new Closers();
  try {
    return await start(config, surroundings, closers);
  } catch (error) {
    // The reason of the failed start is the one to tell.
    await closers.closeAll().catch(() => undefined);
    throw asStartError(error);
  }
}

async function start(config: Config, surroundings: Surroundings, closers: Closers): Promise<App> {
  const { env, signal, tell, place } = surroundings;
  const startedAtMs = systemClock.nowMs();
  const log = openLog(config, closers, place);
  const metrics = createMetrics({ version: VERSION, startedAtMs, stopwatchMs });
  closers.add(() => metrics.close());
  const tracing = await createTracing(env, { version: VERSION, log, clock: systemClock });
  closers.add(() => tracing?.shutdown(3000));

  const failures = new DatabaseFailures(systemClock, (reason) => metrics.databaseFailed(reason));
  const stores = await openStores(config, { metrics, tracing, place, tell, failures }, closers);
  await warnOfReaders(config.database.path, log);
  // Who ordered this start may be gone, and another may have come in its place.
  if (place) signal.throwIfAborted();
  const registry = openRegistry(config, stores, place, closers);
  addReadings(metrics, registry);
  addMaintenanceReading(metrics, registry);
  addDiskReading(metrics, config.storage.driver);
  if (place) addProcessReadings(metrics, place);
  const purges = startUploadPurging({ registry, log, randomPart: Math.random() }, config.storage.uploadPurging);
  closers.add(() => purges.stop());
  // One process does it for all of them.
  if (!place || place.index === 0) {
    const reading = startReadingLabels({ registry, log });
    closers.add(() => reading.stop());
  }
  watchQuotas({ registry, log, metrics }, !place || place.index === 0, closers);
  const meter = openMeter(config, { registry, log, metrics }, closers);
  if (!config.storage.isSelfDescribing && !config.storage.readOnly) await stopDescribing(stores);
  const jobs = runJobs(config, { registry, log, metrics, meter }, closers);
  await keepAudit(config, { metadata: stores.metadata, log, metrics, place }, closers);

  const health = openHealth(config, { ...stores, failures, log, findNotice: () => findMaintenanceNotice(registry) });
  addHealthReading(metrics, health);
  closers.add(() => health.stop());
  const { metadata } = stores;
  const { quotaRefusals } = registry;
  const access = await openAccess({ config, metadata, jobs, quotaRefusals, log, tell, closers });

  const parts = { config, log, health, metrics, place, closers };
  const handle = createRequestHandler({
    registry,
    emptyRegistry: openEmptyRegistry(registry, closers),
    ...access,
    rateLimits: openRateLimits(config, place),
    options: httpOptions(config),
    clock: systemClock,
    stopwatchMs,
    newRequestId: randomUUID,
    pages: createPages(parts),
    findFault: () => health.findFault(),
    metrics,
    tracing,
    observe: createObserver(config, { log, metrics, meter }, closers),
  });
  await listenForDebugging(parts, startedAtMs);
  const { url } = await listen(parts, handle, { registry, signal });
  log.info("listening", { url: url.href, version: VERSION, storage: stores.storage.name, ...placesOf(config) });
  return { url, stop: () => stopApp(closers, log) };
}

/** For who looks after the registry. */
function findMaintenanceNotice(registry: Registry): Soon<string | undefined> {
  return whenThere(findMaintenance(registry), (state) => state && describeMaintenance(state));
}

/** Where the data is, and who may come: the first questions of who reads the log of a registry that somebody else has set up. */
function placesOf({ storage: { driver }, auth }: Config): Record<string, string> {
  return { ...(driver.kind === "filesystem" && { rootdirectory: resolve(driver.rootDirectory) }), auth: auth.kind };
}

/** It holds hashes of passwords. What was copied by hand is as readable as the copy was. */
async function warnOfReaders(databasePath: string, log: Log): Promise<void> {
  const found = await stat(databasePath).catch(() => undefined);
  if (found && (found.mode & 0o007) !== 0)
    log.warn(`${databasePath} can be read by everybody on this machine: chmod 600 it, its -wal and its -shm`);
}

function openRegistry(config: Config, stores: Stores, place: ProcessPlace | undefined, closers: Closers): Registry {
  const hashPool = createHashPool({ workers: Math.min(4, availableParallelism()) });
  closers.add(() => hashPool.close());
  const options = registryOptions(config);
  const parts = { ...stores, hashPool, clock: systemClock, options };
  if (!place) return createRegistry({ ...parts, newId: randomUUID, worksOn: () => true });
  return createRegistry({
    ...parts,
    newId: () => drawOwnId(randomUUID, place),
    worksOn: (uploadId) => ownerOf(uploadId, place.count) === place.index,
  });
}

function watchQuotas(
  { registry, log, metrics }: { readonly registry: Registry; readonly log: Log; readonly metrics: Metrics },
  looksAtAll: boolean,
  closers: Closers,
): void {
  const watch = new QuotaWatch({ registry, log });
  addQuotaReadings(metrics, registry, watch);
  const watching = startQuotaWatch(watch, { registry, log }, looksAtAll);
  closers.add(() => watching.stop());
}

/** A registry in read-only mode writes nothing, not even that. */
function openMeter(
  { storage, http }: Config,
  { registry, log, metrics }: { readonly registry: Registry; readonly log: Log; readonly metrics: Metrics },
  closers: Closers,
): UsageMeter | undefined {
  const { metadata } = registry;
  const mostNamespaces = http.metrics.namespaces;
  const tally = new NamespaceTally(mostNamespaces);
  addUsageReadings(metrics, { metadata, clock: systemClock, tally, mostNamespaces });
  if (storage.readOnly) return undefined;
  const onRecorded = (rows: Parameters<NamespaceTally["add"]>[0]) => tally.add(rows);
  const isReadOnly = () => isInMaintenance(registry);
  const told = { ...(mostNamespaces > 0 && { onRecorded }) };
  const meter = new UsageMeter({ metadata, log, clock: systemClock, isReadOnly, ...told });
  closers.add(() => meter.stop());
  return meter;
}

function openRateLimits({ http }: Config, place: ProcessPlace | undefined): RateLimits | undefined {
  return http.rateLimits && new RateLimits(http.rateLimits, { stopwatchMs, processes: place?.count ?? 1 });
}
