import type { Config } from "./config/index.ts";
import { type AccessLog, createAccessLog, logRequest, type Metrics, type RequestRecord } from "./http/index.ts";
import type { Registry } from "./registry/index.ts";
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
