import type { Config } from "./config/index.ts";
import { type AccessLog, createAccessLog, logRequest, type Metrics, type RequestRecord } from "./http/index.ts";
import type { Registry } from "./registry/index.ts";
import { getScrubStanding, type ScrubCounts } from "./upkeep/index.ts";
import { type Closers, createLineOutput, createLog, type LineOutput, type Log, systemClock } from "./runtime/index.ts";

/** Milliseconds that never jump. */
export function stopwatchMs(): number {
  return performance.now();
}

/** Opens the log on standard error. */
export function openLog(config: Config, closers: Closers): Log {
  const { level, formatter, fields } = config.log;
  return createLog({ level, formatter, fields, clock: systemClock, output: openOutput(2, closers) });
}

/** What is told of each request: metrics, a log line, and a line of the access log on standard output. */
export function createObserver(
  config: Config,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  closers: Closers,
): (record: RequestRecord) => void {
  const accessLog = config.log.accessLogEnabled ? openAccessLog(closers) : undefined;
  return (record) => {
    metrics.observe(record);
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

/** @param counts what the scrubs of this process saw */
export function addScrubReadings(metrics: Metrics, { metadata }: Registry, counts: Readonly<ScrubCounts>): void {
  metrics.addReading({
    name: "berth_blobs_lost",
    help: "Blobs whose bytes are known to be missing or damaged, until they are pushed again.",
    type: "gauge",
    read: async () => (await getScrubStanding(metadata)).lostBlobs,
  });
  metrics.addReading({
    name: "berth_scrub_finished_timestamp_seconds",
    help: "When the last scrub, by whatever process, came to its end; without a value while one is under way.",
    type: "gauge",
    read: async () => {
      const { finishedAtMs } = await getScrubStanding(metadata);
      return finishedAtMs === undefined ? undefined : finishedAtMs / 1000;
    },
  });
  const addCounter = (name: string, help: string, read: () => number) =>
    metrics.addReading({ name, help, type: "counter", read });
  addCounter("berth_scrub_blobs_total", "Blobs that scrubs on schedule looked at.", () => counts.blobs);
  addCounter("berth_scrub_read_bytes_total", "Bytes that scrubs on schedule read.", () => counts.bytes);
  addCounter(
    "berth_scrub_damages_total",
    "Blobs and manifests that scrubs on schedule found damaged or missing.",
    () => counts.damages,
  );
}

function openAccessLog(closers: Closers): AccessLog {
  const output = openOutput(1, closers);
  return createAccessLog({ write: (line) => output.write(line) });
}

function openOutput(fileDescriptor: number, closers: Closers): LineOutput {
  const output = createLineOutput({ fileDescriptor });
  process.once("exit", () => output.flushSync());
  closers.add(() => output.flush());
  return output;
}
