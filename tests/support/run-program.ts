import { patientMs } from "./patience.ts";

/** How a program ended. `output` is what it printed on both streams, for messages. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: string;
}

export interface RunOptions {
  /** Added to the environment of the test process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Default: two minutes, after which the program is killed and the run counts as failed. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end, whatever its exit code. */
export async function runProgram(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
    stdout: "pipe",
    stderr: "pipe",
    timeout: patientMs(options.timeoutMs ?? 120_000),
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr, output: `${stdout}${stderr}` };
}

/**
 * Runs a program that must succeed.
 *
 * @throws with the command and everything it printed when the exit code is not 0.
 */
export async function mustRun(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await runProgram(command, options);
  if (finished.exitCode !== 0) {
    throw new Error(`exit code ${finished.exitCode} from: ${command.join(" ")}\n${finished.output}`);
  }
  return finished;
}
