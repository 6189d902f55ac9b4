import { readdir, readFile } from "node:fs/promises";
import type { Registry } from "prom-client";
import { exposeReading, HistogramTally } from "./tally.ts";

/** The process itself under the names that every Go program has, as registry:2, read when they are scraped. */
export function exposeProcess(registry: Registry, startedAtMs: number): void {
  exposeReading(registry, {
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    type: "gauge",
    read: () => process.memoryUsage.rss(),
  });
  exposeReading(registry, {
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    type: "counter",
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  exposeReading(registry, {
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    type: "gauge",
    together: "min",
    read: () => startedAtMs / 1000,
  });
  exposeFileDescriptors(registry);
}

/** Linux only: elsewhere the two metrics have no value. */
function exposeFileDescriptors(registry: Registry): void {
  exposeReading(registry, {
    name: "process_open_fds",
    help: "Number of open file descriptors.",
    type: "gauge",
    read: countOpenFiles,
  });
  exposeReading(registry, {
    name: "process_max_fds",
    help: "Maximum number of open file descriptors.",
    type: "gauge",
    together: "first",
    read: findFileLimit,
  });
}

async function countOpenFiles(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}

async function findFileLimit(): Promise<number | undefined> {
  const limit = /^Max open files\s+(\d+)/m.exec(await readFile("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? undefined : Number(limit);
}

/** Before the last is used: then nothing more can be accepted or read, and hardly be told. On Linux only. */
export async function findOpenFilesFault(): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  const [open, limit = Infinity] = await Promise.all([countOpenFiles(), findFileLimit()]);
  return open > limit * 0.9 ? `${open} of ${limit} open files are used: raise the limit (ulimit -n)` : undefined;
}

const DELAY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const PROBE_EVERY_MS = 500;

/**
 * Measures by how much a timer comes late: what every request waits for at least while something holds the one thread.
 *
 * @returns ends it.
 */
export function watchEventLoop(registry: Registry, stopwatchMs: () => number): () => void {
  const delay = new HistogramTally(registry, {
    name: "berth_event_loop_delay_seconds",
    help: "How late a timer comes because the process is busy.",
    buckets: DELAY_BUCKETS,
  }).cell();
  let dueAtMs = stopwatchMs() + PROBE_EVERY_MS;
  const timer = setInterval(() => {
    const nowMs = stopwatchMs();
    delay.observe(Math.max(0, nowMs - dueAtMs) / 1000);
    dueAtMs = nowMs + PROBE_EVERY_MS;
  }, PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
