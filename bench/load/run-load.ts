import { join } from "node:path";

/** The work of a load module; its input and result cross a process border as JSON. */
type Work<Input> = (input: Input) => Promise<unknown>;

/** What a load found, and what the client's own process cost. */
export interface LoadRun<Result> {
  readonly result: Result;
  readonly clientCpuSeconds: number;
}

/** Runs a load of this folder, named by its file, in a process of its own, so that its cost can be told from the server's. */
export async function runLoad<Load extends Work<never>>(
  load: string,
  input: Parameters<Load>[0],
  limitSeconds: number,
): Promise<LoadRun<Awaited<ReturnType<Load>>>> {
  const command = [process.execPath, join(import.meta.dir, `${load}.ts`), JSON.stringify(input)];
  const { output, clientCpuSeconds } = await runProgram(command, limitSeconds);
  return { result: JSON.parse(output) as Awaited<ReturnType<Load>>, clientCpuSeconds };
}

const running = new Set<Bun.Subprocess>();

/** Ends every program that `runProgram` still waits for; for a run that is broken off. */
export function stopPrograms(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Runs a program to its end. Throws with its own words when it fails or takes longer than the limit. */
export async function runProgram(
  command: readonly string[],
  limitSeconds: number,
): Promise<{ readonly output: string; readonly clientCpuSeconds: number }> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe", timeout: limitSeconds * 1000 });
  running.add(child);
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  running.delete(child);
  if (child.exitCode !== 0) {
    throw new Error(`${command.slice(0, 2).join(" ")} ended with ${child.exitCode ?? child.signalCode}: ${complaint}`);
  }
  const cpu = child.resourceUsage()?.cpuTime;
  return { output, clientCpuSeconds: Number(cpu?.total ?? 0n) / 1e6 };
}

/** The other side of `runLoad`: a load module calls it once with its work. */
export async function answerLoad<Input>(work: Work<Input>): Promise<void> {
  const input: Input = JSON.parse(process.argv[2] ?? "null");
  console.log(JSON.stringify(await work(input)));
  process.exit(0);
}
