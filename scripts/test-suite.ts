import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { patientMs } from "../tests/support/patience.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../tests/support/temporary-folder.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { readTestReport, type SuiteCounts } from "./test-report.ts";

const root = join(import.meta.dir, "..");
const testsFolder = join(root, "tests");

/** What one `bun test` run covers: a folder of `tests/`, or a test file that lies in `tests/` itself. */
export interface Suite {
  readonly name: string;
  /** Relative to the checkout. */
  readonly path: string;
  readonly files: readonly string[];
  /** After this the suite is ended, and counts as failed. */
  readonly timeLimitMs: number;
}

export interface SuiteResult extends SuiteCounts {
  readonly suite: Suite;
  readonly seconds: number;
}

const minute = 60_000;
const timeLimits: Readonly<Record<string, number>> = { clients: 12 * minute, faults: 8 * minute, upkeep: 8 * minute };
const usualTimeLimit = 5 * minute;

/** Files of a suite that run at once: most of them wait for programs, and what measures time compares things of one file. */
const workers = Math.min(availableParallelism(), 4);
/** Many small files without programs or folders in common: to load everything anew for each would take longer than the tests. */
const sharingModules = new Set(["unit"]);

/** Quick and telling ones first; suites that are not named here follow by name. */
const order = ["architecture", "unit", "contracts", "endpoints", "conformance", "tls", "clients", "faults"];

/** Finds every suite under `tests/`; a folder without a test file, such as `support`, is none. */
export async function findSuites(): Promise<readonly Suite[]> {
  const found: Suite[] = [];
  for (const entry of await readdir(testsFolder, { withFileTypes: true })) {
    const path = `tests/${entry.name}`;
    const name = entry.isFile() ? entry.name.replace(/\.test\.ts$/, "") : entry.name;
    const files = entry.isFile() ? [path].filter((file) => file.endsWith(".test.ts")) : await testFilesIn(path);
    if (files.length > 0) found.push({ name, path, files, timeLimitMs: patientMs(timeLimits[name] ?? usualTimeLimit) });
  }
  return found.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}

async function testFilesIn(path: string): Promise<string[]> {
  const files = await Array.fromAsync(new Bun.Glob("**/*.test.ts").scan(join(root, path)));
  return files.map((file) => `${path}/${file}`).sort();
}

function rank(name: string): number {
  const index = order.indexOf(name);
  return index === -1 ? order.length : index;
}

/** Runs one suite; whatever happens, nothing that its tests started or wrote outlives it. */
export async function runSuite(suite: Suite): Promise<SuiteResult> {
  const folder = makeTemporaryFolder("tests");
  const reportFile = join(folder, "report.xml");
  const clearUp = () => {
    for (const left of endLeftovers(folder)) console.log(`left running by ${suite.name}, ended: ${left}`);
    removeTemporaryFolder(folder);
  };
  const startedAtMs = performance.now();
  const exitCode = await waitWithin(suite.timeLimitMs, spawnTests(suite, folder, reportFile), clearUp);
  const durationMs = performance.now() - startedAtMs;
  const isTooLong = durationMs >= suite.timeLimitMs;
  const trouble = isTooLong ? `ended after its limit of ${(suite.timeLimitMs / minute).toFixed(1)} minutes` : undefined;
  const counts = await readTestReport(reportFile, { exitCode, files: suite.files, trouble });
  clearUp();
  return { suite, seconds: durationMs / 1000, ...counts };
}

/** In a process group of its own, so that a time limit also ends the programs that its tests run. */
function spawnTests(suite: Suite, temporaryFolder: string, reportFile: string): Bun.Subprocess {
  return Bun.spawn(testCommand(suite, reportFile), {
    cwd: root,
    env: { ...process.env, TMPDIR: temporaryFolder },
    stdin: "ignore",
    stdout: process.stdout.fd,
    stderr: process.stdout.fd,
    detached: true,
  });
}

/** An interrupt of the runner reaches the group from here, for a terminal does not send it there. */
async function waitWithin(timeLimitMs: number, child: Bun.Subprocess, clearUp: () => void): Promise<number> {
  const onInterrupt = async () => {
    await endGroup(child);
    clearUp();
    process.exit(130);
  };
  const listener = () => void onInterrupt();
  process.once("SIGINT", listener).once("SIGTERM", listener);
  const timer = setTimeout(() => void endGroup(child), timeLimitMs);
  const exitCode = await child.exited;
  clearTimeout(timer);
  process.off("SIGINT", listener).off("SIGTERM", listener);
  return exitCode;
}

function testCommand(suite: Suite, reportFile: string): string[] {
  const report = ["--reporter=junit", `--reporter-outfile=${reportFile}`];
  return [
    process.execPath,
    "test",
    `./${suite.path}`,
    "--no-orphans",
    "--only-failures",
    `--timeout=${patientMs(30_000)}`,
    `--parallel=${workers}`,
    ...(sharingModules.has(suite.name) ? ["--no-isolate"] : []),
    ...report,
  ];
}

/** Asks first: on SIGTERM the tests' own exit handlers stop their daemons. */
async function endGroup(child: Bun.Subprocess): Promise<void> {
  signalGroup(child.pid, "SIGTERM");
  const killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), 10_000);
  await child.exited;
  clearTimeout(killer);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
