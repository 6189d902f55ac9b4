import { randomBytes, randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { httpOptions, registryOptions } from "./app-options.ts";
import { type Authenticator, createHtpasswdIfMissing, HtpasswdAuthenticator, openToAll } from "./auth/index.ts";
import type { Config } from "./config/index.ts";
import {
  createAccessLog,
  createDebugHandler,
  createHealth,
  createHealthChecks,
  createMetrics,
  createRequestHandler,
  createTracing,
  type Health,
  type Listener,
  logRequest,
  measureMetadata,
  measureStorage,
  type Metrics,
  openTlsSource,
  type Page,
  type RequestRecord,
  respondLive,
  respondMetrics,
  respondReady,
  startListener,
  type TlsSource,
  traceStorage,
  type Tracing,
} from "./http/index.ts";
import { type MetadataDatabase, openSqlite } from "./metadata/index.ts";
import { createRegistry, type Registry } from "./registry/index.ts";
import {
  Closers,
  createHashPool,
  createLineOutput,
  createLog,
  type HashPool,
  type Log,
  systemClock,
} from "./runtime/index.ts";
import { asStartError, StartError } from "./start-error.ts";
import { openStorage, type StorageDriver } from "./storage/index.ts";
import { adviseImport, findUnimportedRegistry, startUploadPurging } from "./upkeep/index.ts";
import { VERSION } from "./version.ts";

/** A registry that serves. */
export interface App {
  /** What clients reach it under, from this machine. */
  readonly url: URL;
  /** Lets running requests end within the configured time, then closes everything. */
  stop(): Promise<void>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Builds the running system from its configuration: the only file that knows every concrete part.
 * @param signal ends a start that waits, such as for a first certificate
 * @throws StartError
 */
export async function startApp(config: Config, env: Environment, signal: AbortSignal): Promise<App> {
  const closers = new Closers();
  try {
    return await start(config, env, signal, closers);
  } catch (error) {
    await closers.closeAll();
    throw asStartError(error);
  }
}

async function start(config: Config, env: Environment, signal: AbortSignal, closers: Closers): Promise<App> {
  const startedAtMs = systemClock.nowMs();
  const log = openLog(config, closers);
  const metrics = createMetrics({ version: VERSION, startedAtMs, stopwatchMs });
  closers.add(() => metrics.close());
  const tracing = await createTracing(env, { version: VERSION, log, clock: systemClock });
  closers.add(() => tracing?.shutdown(3000));

  const { storage, metadata } = await openStores(config, { metrics, tracing }, closers);
  const hashPool: HashPool = createHashPool({ workers: Math.min(4, availableParallelism()) });
  closers.add(() => hashPool.close());
  const parts = { metadata, storage, hashPool, clock: systemClock, newId: randomUUID };
  const registry = createRegistry({ ...parts, options: registryOptions(config) });
  const purging = startUploadPurging({ registry, log, randomPart: Math.random() }, config.storage.uploadPurging);
  closers.add(() => purging.stop());

  const health = openHealth(config, { storage, metadata, log }, closers);
  const authenticator = await openAuthenticator(config, log);
  closers.add(() => authenticator.close());
  const handleRequest = createRequestHandler({
    registry,
    authenticator,
    options: httpOptions(config),
    clock: systemClock,
    stopwatchMs,
    newRequestId: randomUUID,
    pages: createPages(config, health, metrics),
    findFault: () => health.findFault(),
    metrics,
    tracing,
    observe: createObserver(config, log, metrics, closers),
  });
  addReadings(metrics, registry);

  const debugHandler = createDebugHandler({
    health,
    metrics: config.http.debug?.prometheus.enabled ? metrics : undefined,
    metricsPath: config.http.debug?.prometheus.path ?? "/metrics",
    version: VERSION,
    startedAtMs,
    clock: systemClock,
  });
  const reportProblem = (message: string, error?: unknown) => log.warn(message, { error });
  const limits = { idleTimeoutMs: config.http.limits.idleTimeoutMs };
  const { drainTimeoutMs, debug } = config.http;
  if (debug) {
    const listener = await startListener({ address: debug.address, fetch: debugHandler, limits, reportProblem });
    closers.add(() => listener.stop(0));
    log.info("the debug address listens", { url: listener.url.href });
  }
  const tls = await openTls(config, log, signal, closers);
  const address = config.http.address;
  const listener: Listener = await startListener({ address, fetch: handleRequest, tls, limits, reportProblem });
  closers.add(async () => {
    health.drain();
    const { cutRequests } = await listener.stop(drainTimeoutMs);
    log.info("stopped serving", { cutRequests });
  });
  log.info("listening", { url: listener.url.href, version: VERSION, storage: storage.name });
  return { url: listener.url, stop: () => closers.closeAll() };
}

function stopwatchMs(): number {
  return performance.now();
}

function openLog(config: Config, closers: Closers): Log {
  const output = createLineOutput({ fileDescriptor: 2 });
  process.once("exit", () => output.flushSync());
  closers.add(() => output.flush());
  const { level, formatter, fields } = config.log;
  return createLog({ level, formatter, fields, clock: systemClock, output });
}

interface Observers {
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
}

interface Stores {
  readonly storage: StorageDriver;
  readonly metadata: MetadataDatabase;
}

async function openStores(config: Config, { metrics, tracing }: Observers, closers: Closers): Promise<Stores> {
  const { driver } = config.storage;
  const bare = await openStorage(driver, { clock: systemClock });
  closers.add(() => bare.close());
  const metadata = await openSqlite(config.database.path);
  closers.add(() => metadata.close());
  const unimported = await findUnimportedRegistry({ metadata, storage: bare });
  if (unimported && driver.kind === "filesystem")
    throw new StartError(
      adviseImport(unimported, { rootDirectory: driver.rootDirectory, databasePath: customDatabasePath(config) }),
      { isConfiguration: true },
    );
  const traced = tracing ? traceStorage(bare, tracing) : bare;
  return {
    storage: measureStorage(traced, metrics, stopwatchMs),
    metadata: measureMetadata(metadata, metrics, stopwatchMs),
  };
}

function customDatabasePath(config: Config): string | undefined {
  const { driver } = config.storage;
  const usual = driver.kind === "filesystem" ? `${driver.rootDirectory}/berth/berth.db` : undefined;
  return config.database.path === usual ? undefined : config.database.path;
}

function openHealth(
  config: Config,
  { storage, metadata, log }: Stores & { readonly log: Log },
  closers: Closers,
): Health {
  const health = createHealth({
    checks: createHealthChecks(config.health, storage),
    probes: [
      { name: "storage", run: () => storage.check() },
      { name: "database", run: () => metadata.check() },
    ],
    clock: systemClock,
    log,
  });
  health.start();
  closers.add(() => health.stop());
  return health;
}

async function openAuthenticator(config: Config, log: Log): Promise<Authenticator> {
  const { auth } = config;
  if (auth.kind === "none") return openToAll;
  const password = randomBytes(18).toString("base64url");
  if (await createHtpasswdIfMissing(auth.path, password))
    log.warn(`${auth.path} was missing and has been made with the user docker and the password ${password}: change it`);
  return new HtpasswdAuthenticator(auth, randomBytes(32), (problem) => log.warn(problem));
}

function createPages(config: Config, health: Health, metrics: Metrics): ReadonlyMap<string, Page> {
  const { metrics: page } = config.http;
  return new Map<string, Page>([
    // What load balancers ask; empty, as registry:2 answers.
    [
      "/",
      {
        isOpen: false,
        needsLogin: false,
        respond: () => new Response(null, { headers: { "Cache-Control": "no-cache" } }),
      },
    ],
    ["/livez", { isOpen: true, needsLogin: false, respond: respondLive }],
    ["/readyz", { isOpen: true, needsLogin: false, respond: () => respondReady(health, "nothing") }],
    ...(page.enabled
      ? [[page.path, { isOpen: true, needsLogin: true, respond: () => respondMetrics(metrics) }] as const]
      : []),
  ]);
}

function createObserver(config: Config, log: Log, metrics: Metrics, closers: Closers): (record: RequestRecord) => void {
  const accessLog = config.log.accessLogEnabled ? openAccessLog(closers) : () => undefined;
  return (record) => {
    metrics.observe(record);
    logRequest(log, record);
    accessLog(record);
  };
}

function openAccessLog(closers: Closers) {
  const output = createLineOutput({ fileDescriptor: 1 });
  process.once("exit", () => output.flushSync());
  closers.add(() => output.flush());
  return createAccessLog({ write: (line) => output.write(line) });
}

function addReadings(metrics: Metrics, registry: Registry): void {
  metrics.addReading({
    name: "berth_uploads_active",
    help: "Blob uploads that a request works on right now.",
    type: "gauge",
    read: () => registry.uploadTurns.active,
  });
}

async function openTls(
  config: Config,
  log: Log,
  signal: AbortSignal,
  closers: Closers,
): Promise<TlsSource | undefined> {
  const { tls, address } = config.http;
  if (!tls) return undefined;
  const source = await openTlsSource(tls, {
    clock: systemClock,
    random: Math.random,
    reportProblem: (message, error) => log.warn(message, { error }),
    reportProgress: (message) => log.info(message),
    listenAddress: "unixSocketPath" in address ? undefined : address,
    signal,
  });
  closers.add(() => source.stop());
  return source;
}
