import type { MetricObject } from "prom-client";
import PromRegistry from "prom-client/lib/registry.js";
import type { RequestRecord } from "../request-record.ts";
import { exposeProcess, watchEventLoop } from "./process-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { CounterTally, exposeReading, HistogramTally, type Observer, type ReadingOptions } from "./tally.ts";

/** What the registry counts about itself. */
export interface Metrics {
  /** `handler` as in a `RequestRecord`; to be followed by one `requestFinished` of the same. */
  requestStarted(handler: string): void;
  requestFinished(handler: string): void;
  /** Counts one finished request. */
  observe(record: RequestRecord): void;
  /** Where to report how long a driver took for an action, and that it failed; to be kept by the caller. */
  storageAction(driver: string, action: string): ActionMeter;
  /** Where to report the seconds of one kind of work on the database, as `commit`; to be kept by the caller. */
  databaseOperation(operation: string): Observer;
  /** Counts that the database failed a read or a transaction. */
  databaseFailed(reason: string): void;
  /** Adds a metric that is asked for its value when the metrics are read. */
  addReading(options: ReadingOptions): void;
  /** All of it in Prometheus' text format. */
  render(): Promise<RenderedMetrics>;
  /** All of it as JSON, for another process. */
  read(): Promise<MetricsReading>;
  close(): void;
}

/** Prometheus' text format. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

/** What one process counted, as prom-client writes it for another. */
export type MetricsReading = readonly MetricObject[];

export interface ActionMeter extends Observer {
  countFailure(): void;
}

export interface MetricsOptions {
  readonly version: string;
  /** The commit that was built, if known. */
  readonly revision?: string;
  readonly startedAtMs: number;
  /** Milliseconds that only ever grow. */
  readonly stopwatchMs: () => number;
}

const STORAGE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DATABASE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new PromRegistry();
  const requests = new RequestMetrics(registry);
  const storageAction = storageMeters(registry);
  const databaseSeconds = databaseTally(registry);
  const databaseFailures = new CounterTally(registry, "counter", {
    name: "berth_database_failures_total",
    help: "Reads and transactions that the database failed.",
    labelNames: ["reason"],
  });
  exposeBuild(registry, options);
  exposeProcess(registry, options.startedAtMs);
  const stopWatching = watchEventLoop(registry, options.stopwatchMs);
  return {
    requestStarted: (handler) => requests.addInFlight(handler, 1),
    requestFinished: (handler) => requests.addInFlight(handler, -1),
    observe: (record) => requests.observe(record),
    storageAction,
    databaseOperation: (operation) => databaseSeconds.cell(operation),
    databaseFailed: (reason) => void (databaseFailures.cell(reason).value += 1),
    addReading: (reading) => exposeReading(registry, reading),
    render: () => renderRegistry(registry),
    read: () => registry.getMetricsAsJSON(),
    close: stopWatching,
  };
}

/** What several processes counted as one; each metric says how it is put together. */
export async function renderTogether(readings: readonly MetricsReading[]): Promise<RenderedMetrics> {
  return renderRegistry(await together(readings));
}

/** The same as a reading. */
export async function mergeReadings(readings: readonly MetricsReading[]): Promise<MetricsReading> {
  return (await together(readings)).getMetricsAsJSON();
}

async function together(readings: readonly MetricsReading[]) {
  const { default: aggregatorRegistry } = await import("prom-client/lib/cluster.js");
  return aggregatorRegistry.aggregate(readings.map((reading) => [...reading]));
}

async function renderRegistry(
  registry: Pick<PromRegistry, "metrics"> & { readonly contentType: string },
): Promise<RenderedMetrics> {
  return { contentType: registry.contentType, body: await registry.metrics() };
}

function storageMeters(registry: PromRegistry): Metrics["storageAction"] {
  const labelNames = ["driver", "action"];
  const durations = new HistogramTally(registry, {
    name: "registry_storage_action_seconds",
    help: "The number of seconds that the storage action takes",
    labelNames,
    buckets: STORAGE_BUCKETS,
  });
  const failed = new CounterTally(registry, "counter", {
    name: "berth_storage_failures_total",
    help: "Storage actions that failed.",
    labelNames,
  });
  return (driver, action) => {
    const duration = durations.cell(driver, action);
    const failures = failed.cell(driver, action);
    return { observe: (seconds) => duration.observe(seconds), countFailure: () => void (failures.value += 1) };
  };
}

function databaseTally(registry: PromRegistry): HistogramTally {
  return new HistogramTally(registry, {
    name: "berth_database_operation_seconds",
    help: "How long work on the database takes.",
    labelNames: ["operation"],
    buckets: DATABASE_BUCKETS,
  });
}

function exposeBuild(registry: PromRegistry, { version, revision = "" }: MetricsOptions): void {
  exposeReading(registry, {
    name: "berth_build_info",
    help: "Always 1; its labels say what runs.",
    type: "gauge",
    labels: { version, revision, bun: Bun.version },
    together: "first",
    read: () => 1,
  });
}
