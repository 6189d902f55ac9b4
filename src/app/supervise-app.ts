import { availableParallelism } from "node:os";
import type { App, Surroundings } from "./start-app.ts";
import { openLog, openOutput } from "./observation.ts";
import { SAVE_TIMEOUT_MS } from "./listeners.ts";
import { openBytes, patience } from "./open-stores.ts";
import type { Config } from "../config/index.ts";
import { claimAddress, MetricsLedger, startListener } from "../http/index.ts";
import { lockForSeveral } from "../metadata/index.ts";
import { makeProcessFolder, type ProcessPlace, socketOf, Supervisor, watcherSocketOf } from "../processes/index.ts";
import { Closers, type Log } from "../runtime/index.ts";
import { asStartError, StartError } from "./start-error.ts";
import { stopApp } from "./stop-app.ts";

/** The hidden command that starts one serving process. */
export const SERVING_PROCESS = "serving-process";

/** Beyond what a process that stops takes by itself. */
const STOP_MARGIN_MS = 10_000;

const STUCK_AFTER_MS = 30_000;

/** More were never measured. */
const MOST_PROCESSES = 8;

/**
 * How many processes are to serve. Where the configuration does not say it there is one, unless the machine has processors for more, as
 * each hashes on threads of its own, and what several processes need is there.
 */
export function countProcesses(config: Config, processors = availableParallelism()): number {
  const { processes, address, tls } = config.http;
  if (processes !== "auto") return processes;
  const isPossible =
    process.platform === "linux" &&
    !("unixSocketPath" in address) &&
    tls?.certificate.kind !== "acme" &&
    config.storage.driver.kind !== "inmemory" &&
    config.database.path !== ":memory:";
  return isPossible && processors > 2 ? Math.min(MOST_PROCESSES, Math.floor(processors / 2)) : 1;
}

/**
 * Starts serving processes on one address and watches them.
 * @throws StartError
 */
export async function superviseApp(config: Config, count: number, surroundings: Surroundings): Promise<App> {
  const closers = new Closers();
  try {
    return await supervise(config, count, surroundings, closers);
  } catch (error) {
    await closers.closeAll().catch(() => undefined);
    throw asStartError(error);
  }
}

async function supervise(
  config: Config,
  count: number,
  { signal, tell }: Surroundings,
  closers: Closers,
): Promise<App> {
  const log = openLog(config, closers);
  const [stdout, stderr] = [openOutput(1, closers), openOutput(2, closers)];
  // What refuses all of them is told before anything is made for them.
  await openBytes(config, closers);
  const databasePath = config.database.path;
  const lock = await lockForSeveral(databasePath, patience(tell));
  closers.add(() => lock.release());
  signal.throwIfAborted();
  const folder = makeProcessFolder(databasePath, count);
  closers.add(() => folder.remove());
  await watchMetrics({ folder: folder.path, count }, log, closers);
  const supervisor = new Supervisor({
    argv: [...commandLine(), SERVING_PROCESS],
    config: await withClaimedAddresses(config),
    count,
    folder: folder.path,
    output: { stdout: (lines) => stdout.write(lines), stderr: (lines) => stderr.write(lines) },
    log,
    stuckAfterMs: STUCK_AFTER_MS,
    stopTimeoutMs: config.http.drainTimeoutMs + SAVE_TIMEOUT_MS + STOP_MARGIN_MS,
  });
  closers.add(() => supervisor.stop());
  process.once("exit", () => {
    supervisor.kill();
    folder.remove();
  });
  signal.addEventListener("abort", () => void supervisor.stop(), { once: true });
  const outcome = await supervisor.start();
  if (!(outcome instanceof URL)) throw new StartError(outcome.message, outcome);
  if (!signal.aborted) log.info("several processes serve", { processes: count });
  return { url: outcome, stop: () => stopApp(closers, log) };
}

/** Answers the processes that are asked for metrics. */
async function watchMetrics(shared: Pick<ProcessPlace, "folder" | "count">, log: Log, closers: Closers): Promise<void> {
  const sockets = Array.from({ length: shared.count }, (_, index) => socketOf(shared, index));
  const ledger = new MetricsLedger(sockets);
  const listener = await startListener({
    address: { unixSocketPath: watcherSocketOf(shared) },
    fetch: async () => Response.json(await ledger.render()),
    limits: { idleTimeoutMs: 0 },
    reportProblem: (message, error) => log.warn(message, { error }),
  });
  closers.add(() => listener.stop(0));
}

/** What started this process, as far as the command. */
function commandLine(): readonly string[] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main];
}

/** Nobody else may have the addresses, and all processes must have the same where any port would do. */
async function withClaimedAddresses(config: Config): Promise<Config> {
  const { debug } = config.http;
  const http = { ...config.http, address: await claimAddress(config.http.address) };
  if (!debug) return { ...config, http };
  const address = await claimAddress(debug.address);
  return { ...config, http: { ...http, debug: { ...debug, ...("port" in address && { address }) } } };
}
