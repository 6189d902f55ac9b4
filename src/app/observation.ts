import { statfs } from "node:fs/promises";
import type { Config } from "../config/index.ts";
import {
  type AccessLog,
  createAccessLog,
  type Health,
  logRequest,
  type Metrics,
  type RequestRecord,
} from "../http/index.ts";
import type { ProcessPlace } from "../processes/index.ts";
import { findMaintenance, type Registry } from "../registry/index.ts";
import {
  type CollectionCounts,
  type GarbageBacklog,
  getGarbageBacklog,
  type RetentionCounts,
  getScrubStanding,
  type QuotaWatch,
  type ScrubCounts,
  type UsageMeter,
} from "../upkeep/index.ts";
import { meterUsage } from "./meter-usage.ts";
import { type Closers, createLineOutput, createLog, type LineOutput, type Log, systemClock } from "../runtime/index.ts";

/** Milliseconds that never jump. */
export function stopwatchMs(): number {
  return performance.now();
}

/** Opens the log on standard error; one of several processes says which it is. */
export function openLog(config: Config, closers: Closers, place?: ProcessPlace): Log {
  const { level, formatter, fields } = config.log;
  const log = createLog({ level, formatter, fields, clock: systemClock, output: openOutput(2, closers) });
  return place ? log.child({ process: place.index }) : log;
}

/** What is told of each request: metrics, a log line, and a line of the access log on standard output. */
export function createObserver(
  config: Config,
  { log, metrics, meter }: { readonly log: Log; readonly metrics: Metrics; readonly meter: UsageMeter | undefined },
  closers: Closers,
): (record: RequestRecord) => void {
  const accessLog = config.log.accessLogEnabled ? openAccessLog(closers) : undefined;
  return (record) => {
    metrics.observe(record);
    if (meter) meterUsage(meter, record);
    logRequest(log, record);
    accessLog?.(record);
  };
}

export function addReadings(metrics: Metrics, registry: Registry): void {
  metrics.addReading({
    name: "berth_uploads_active",
    help: "Blob uploads that a request works on right now.",
    type: "gauge",
    read: () => registry.uploadTurns.active,
  });
}

/** Whichever process is asked knows it of all. */
export function addMaintenanceReading(metrics: Metrics, registry: Registry): void {
  metrics.addReading({
    name: "berth_read_only",
    help: "1 while pushes and other changes are refused, by the configuration or for maintenance, else 0.",
    type: "gauge",
    together: "max",
    read: async () => (registry.options.readOnly || (await findMaintenance(registry)) ? 1 : 0),
  });
}

/** The room for blobs, which whoever runs the registry wants to know before it is used up. */
export function addDiskReading(metrics: Metrics, driver: Config["storage"]["driver"]): void {
  if (driver.kind !== "filesystem") return;
  metrics.addReading({
    name: "berth_storage_free_bytes",
    help: "What Berth may still write on the file system of the root directory.",
    type: "gauge",
    together: "first",
    read: async () => {
      const { bavail, bsize } = await statfs(driver.rootDirectory);
      return bavail * bsize;
    },
  });
}

export function addHealthReading(metrics: Metrics, health: Health): void {
  metrics.addReading({
    name: "berth_check_ok",
    help: "1 while a check of readiness or of the health section finds nothing wrong, else 0.",
    type: "gauge",
    labelName: "check",
    together: "min",
    read: () => health.findings(),
  });
}

/** What only several processes have. */
export function addProcessReadings(metrics: Metrics, place: ProcessPlace): void {
  metrics.addReading({
    name: "berth_serving_processes",
    help: "Serving processes that answered when this was read.",
    type: "gauge",
    read: () => 1,
  });
  metrics.addReading({
    name: "berth_serving_process_restarts_total",
    help: "How often a serving process ended by itself and was started again.",
    type: "counter",
    // What its predecessors counted is added to it.
    read: () => Math.min(1, place.restarts),
  });
}

/** @param counts what the scrubs of this process saw */
export function addScrubReadings(metrics: Metrics, { metadata }: Registry, counts: Readonly<ScrubCounts>): void {
  metrics.addReading({
    name: "berth_blobs_lost",
    help: "Blobs whose bytes are known to be missing or damaged, until they are pushed again.",
    type: "gauge",
    together: "max",
    read: async () => (await getScrubStanding(metadata)).lostBlobs,
  });
  metrics.addReading({
    name: "berth_scrub_finished_timestamp_seconds",
    help: "When the last scrub, by whatever process, came to its end; without a value while one is under way.",
    type: "gauge",
    together: "max",
    read: async () => {
      const { finishedAtMs } = await getScrubStanding(metadata);
      return finishedAtMs === undefined ? undefined : finishedAtMs / 1000;
    },
  });
  const addCounter = (name: string, help: string, read: () => number) =>
    metrics.addReading({ name, help, type: "counter", read });
  addCounter("berth_scrub_blobs_total", "Blobs that scrub jobs looked at.", () => counts.blobs);
  addCounter("berth_scrub_read_bytes_total", "Bytes that scrub jobs read.", () => counts.bytes);
  addCounter(
    "berth_scrub_damages_total",
    "Blobs and manifests that scrub jobs found damaged or missing.",
    () => counts.damages,
  );
  addCounter(
    "berth_scrub_corrected_quotas_total",
    "Nodes with a quota whose counters scrub jobs found wrong and put right.",
    () => counts.correctedQuotas,
  );
}

/** @param counts what the runs of this process did */
export function addCollectionReadings(
  metrics: Metrics,
  { metadata }: Registry,
  counts: Readonly<CollectionCounts>,
): void {
  const addGauge = (name: string, help: string, read: (backlog: GarbageBacklog) => number) =>
    metrics.addReading({
      name,
      help,
      type: "gauge",
      together: "max",
      read: async () => read(await getGarbageBacklog(metadata)),
    });
  addGauge(
    "berth_gc_candidates",
    "What may have lost the last that named it, and waits for the window to end.",
    ({ links, blobs, manifests }) => links + blobs + manifests,
  );
  addGauge(
    "berth_gc_condemned_bytes",
    "Bytes that nobody needs and that go next.",
    (backlog) => backlog.condemnedBytes,
  );
  const addCounter = (name: string, help: string, read: () => number) =>
    metrics.addReading({ name, help, type: "counter", read });
  addCounter("berth_gc_judged_total", "Candidates that clean-up jobs looked at.", () => counts.candidates);
  addCounter("berth_gc_removed_manifests_total", "Manifests that it removed.", () => counts.manifests);
  addCounter("berth_gc_removed_blobs_total", "Blobs that it removed.", () => counts.blobs);
  addCounter("berth_gc_freed_bytes_total", "Bytes that it gave back to storage.", () => counts.freedBytes);
  addCounter("berth_gc_failures_total", "Blobs that storage did not remove.", () => counts.failed);
}

export function addRetentionReadings(metrics: Metrics, counts: Readonly<RetentionCounts>): void {
  metrics.addReading({
    name: "berth_retention_expired_tags_total",
    help: "Tags that no rule kept, or that had expired, and that are gone.",
    type: "counter",
    read: () => counts.tags,
  });
}

/** @param watch what it told in this process */
export function addQuotaReadings(metrics: Metrics, registry: Registry, watch: Pick<QuotaWatch, "warned">): void {
  metrics.addReading({
    name: "berth_quota_warnings_total",
    help: "How often a limit of a quota came to be nearly reached.",
    type: "counter",
    read: () => watch.warned,
  });
  metrics.addReading({
    name: "berth_quota_refusals_total",
    help: "Requests that a limit of a quota had no room for.",
    type: "counter",
    labelName: "quantity",
    read: () => registry.quotaRefusals.counts,
  });
}

function openAccessLog(closers: Closers): AccessLog {
  const output = openOutput(1, closers);
  return createAccessLog({ write: (line) => output.write(line) });
}

/** Opens a standard stream for whole lines. */
export function openOutput(fileDescriptor: number, closers: Closers): LineOutput {
  const output = createLineOutput({ fileDescriptor });
  process.once("exit", () => output.flushSync());
  closers.add(() => output.flush());
  return output;
}
