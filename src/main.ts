import { runCommandLine } from "./cli/index.ts";

// Not awaited out here, so that the executable can be compiled ahead.
void main();

async function main(): Promise<void> {
  const exitCode = await runCommandLine(process.argv.slice(2), {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
  process.exitCode = exitCode;
  // Everything is closed. Should a library's timer hold the process all the same, it does not hold it long.
  setTimeout(() => process.exit(exitCode), 500).unref();
}
