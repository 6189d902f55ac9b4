import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { patientMs } from "./patience.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";

export interface DaemonOptions {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked every 20 ms until it says yes. A rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
  /** Default: 20 seconds, so that its message comes before the test runner's own limit. */
  readonly readyTimeoutMs?: number;
}

/** A server process of the tests' own, known and ended by its process id. */
export interface Daemon {
  readonly pid: number;
  /** Everything it printed so far. */
  logs(): string;
  /** Sends a signal without waiting. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code once it is gone by itself or by a signal. */
  readonly exited: Promise<number>;
  /** Ends it: SIGTERM, and SIGKILL when it has not gone after ten seconds. Twice is harmless. */
  stop(): Promise<void>;
}

const alive = new Set<Bun.Subprocess>();

/** Ends every daemon that a test left running, in good order. */
export async function stopDaemons(): Promise<void> {
  await Promise.all([...alive].map(endProcess));
}

/** Ends them without asking, for where nothing can be waited for. */
export function killDaemons(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws with the end of what it printed when it ends or stays silent instead of becoming ready; it is stopped then.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const folder = makeTemporaryFolder("log");
  const logFile = join(folder, "log");
  const child = spawnLogged(options, logFile);
  alive.add(child);
  void child.exited.then(() => alive.delete(child));
  const daemon: Daemon = {
    pid: child.pid,
    logs: () => readFileSync(logFile, "utf8"),
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    stop: () => endProcess(child),
  };
  try {
    await waitUntilReady(options, child);
  } catch (error) {
    await daemon.stop();
    const logs = daemon.logs().slice(-4000);
    removeTemporaryFolder(folder);
    throw new Error(`${String(error)}: ${options.argv.join(" ")}\n${logs}`, { cause: error });
  }
  return daemon;
}

function spawnLogged(options: DaemonOptions, logFile: string): Bun.Subprocess {
  const log = openSync(logFile, "a");
  try {
    return Bun.spawn([...options.argv], {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(options: DaemonOptions, child: Bun.Subprocess): Promise<void> {
  const timeoutMs = patientMs(options.readyTimeoutMs ?? 20_000);
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("ended before it was ready");
    if (await options.isReady().catch(() => false)) return;
    await Bun.sleep(20);
  }
  throw new Error(`not ready after ${timeoutMs} ms`);
}

async function endProcess(child: Bun.Subprocess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await child.exited;
  clearTimeout(killer);
}
