import { availableParallelism, tmpdir } from "node:os";
import type { App, Surroundings } from "./app.ts";
import { openLog, openOutput } from "./app-observation.ts";
import { LOCK_WAIT_MS } from "./app-stores.ts";
import type { Config } from "./config/index.ts";
import { claimAddress, type SiblingProcesses } from "./http/index.ts";
import { lockForSeveral } from "./metadata/index.ts";
import { makeProcessFolder, ownerOf, type ProcessPlace, socketOf, Supervisor } from "./processes/index.ts";
import { Closers, systemClock } from "./runtime/index.ts";
import { asStartError, StartError } from "./start-error.ts";

/** The hidden command that starts one serving process. */
export const SERVING_PROCESS = "serving-process";

/** More were never measured. */
const MOST_PROCESSES = 8;

/**
 * How many processes are to serve. By themselves there are more than one only where there are processors for them, as each hashes
 * on threads of its own, and where what several processes need is there.
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
export async function superviseApp(config: Config, count: number, { signal }: Surroundings): Promise<App> {
  const closers = new Closers();
  try {
    return await supervise(config, count, signal, closers);
  } catch (error) {
    await closers.closeAll().catch(() => undefined);
    throw asStartError(error);
  }
}

async function supervise(config: Config, count: number, signal: AbortSignal, closers: Closers): Promise<App> {
  const log = openLog(config, closers);
  const [stdout, stderr] = [openOutput(1, closers), openOutput(2, closers)];
  const lock = await lockForSeveral(config.database.path, { waitMs: LOCK_WAIT_MS });
  closers.add(() => lock.release());
  const folder = makeProcessFolder(tmpdir(), count, systemClock);
  closers.add(() => folder.remove());
  const supervisor = new Supervisor({
    argv: [...commandLine(), SERVING_PROCESS],
    config: await withClaimedAddresses(config),
    count,
    folder: folder.path,
    output: { stdout: (lines) => stdout.write(lines), stderr: (lines) => stderr.write(lines) },
    log,
  });
  closers.add(() => supervisor.stop());
  process.once("exit", () => supervisor.kill());
  signal.addEventListener("abort", () => void supervisor.stop(), { once: true });
  const outcome = await supervisor.start();
  if (!(outcome instanceof URL)) throw new StartError(outcome.message, outcome);
  if (!signal.aborted) log.info("several processes serve", { processes: count });
  return { url: outcome, stop: () => closers.closeAll() };
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

/** How a serving process finds the others. */
export function siblingsOf(place: ProcessPlace): SiblingProcesses {
  return {
    index: place.index,
    count: place.count,
    ownerOf: (uploadId) => ownerOf(uploadId, place.count),
    socketOf: (index) => socketOf(place, index),
  };
}
