import { join } from "node:path";

import { type Daemon, startDaemon } from "./daemon.ts";
import { type Finished, type RunOptions, runProgram } from "./run-program.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export const berthExecutable = join(import.meta.dir, "../../bin/berth");

/** The environment of the tests without what Berth reads from it, so that only a test's own variables count. */
function cleanEnvironment(variables: Readonly<Record<string, string>>): string[] {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:REGISTRY|OTEL)_/.test(name));
  return Object.entries({ ...Object.fromEntries(inherited), ...variables }).map(([name, value]) => `${name}=${value}`);
}

function command(args: readonly string[], env: Readonly<Record<string, string>>, executable: string): string[] {
  return ["env", "-i", ...cleanEnvironment(env), executable, ...args];
}

export interface CommandOptions extends Omit<RunOptions, "env"> {
  readonly env?: Readonly<Record<string, string>>;
  readonly executable?: string;
}

/** Runs a command that ends by itself. What still runs after 20 seconds is killed, and its exit code is not 0. */
export function runBerth(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { env = {}, executable = berthExecutable, ...rest } = options;
  return runProgram(command(args, env, executable), { timeoutMs: 20_000, ...rest });
}

export interface ServeOptions {
  /** After `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly executable?: string;
  /** A program and its arguments that starts the command instead. */
  readonly launcher?: readonly string[];
  readonly isReady: () => Promise<boolean>;
}

/** A `berth serve` whose two streams are kept apart, as an operator's log collector sees them. */
export interface ServeProcess extends Daemon {
  /** The access log. */
  stdout(): Promise<string>;
  /** The log, and what is told to the person who starts it. */
  stderr(): Promise<string>;
}

/** Starts `berth serve` with nothing but what the test names. */
export async function startServe(options: ServeOptions): Promise<ServeProcess> {
  const { args = [], executable = berthExecutable, launcher = [], cwd, isReady } = options;
  // A test sees the same on a machine with many processors.
  const env = { REGISTRY_HTTP_PROCESSES: "1", ...options.env };
  const folder = makeTemporaryFolder("streams");
  const [stdoutFile, stderrFile] = [join(folder, "stdout"), join(folder, "stderr")];
  const daemon = await startDaemon({
    argv: [...launcher, ...redirected(stdoutFile, stderrFile), ...command(["serve", ...args], env, executable)],
    ...(cwd === undefined ? {} : { cwd }),
    isReady,
  });
  return {
    ...daemon,
    stdout: () => Bun.file(stdoutFile).text(),
    stderr: () => Bun.file(stderrFile).text(),
  };
}

/** A shell that gives its place, and its process id, to the command behind it. */
function redirected(stdoutFile: string, stderrFile: string): string[] {
  return ["sh", "-c", `out=$1; err=$2; shift 2; exec "$@" >"$out" 2>"$err"`, "sh", stdoutFile, stderrFile];
}

/** Whether the address answers with a success, or wants a login. */
export async function isAnswering(url: string, init: BunFetchRequestInit = {}): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), ...init });
  await response.body?.cancel();
  return response.ok || response.status === 401;
}
