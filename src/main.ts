import { runCommandLine } from "./cli/index.ts";

const exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});

process.exitCode = exitCode;
// Everything is closed. Should a library's timer hold the process all the same, it does not hold it long.
setTimeout(() => process.exit(exitCode), 500).unref();
