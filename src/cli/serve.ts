import { startApp } from "../app.ts";
import { ConfigError, formatProblem, loadConfig } from "../config/index.ts";
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from "./terminal.ts";

/** Serves until a signal asks to stop; returns the exit code. */
export async function serve(path: string | undefined, terminal: Terminal): Promise<number> {
  let loaded;
  try {
    loaded = loadConfig({ ...(path !== undefined && { path }), env: terminal.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) terminal.stderr.write(`${formatProblem(problem)}\n`);
    return EXIT_CONFIG;
  }
  for (const warning of loaded.warnings) terminal.stderr.write(`warning: ${formatProblem(warning)}\n`);

  let app;
  try {
    app = await startApp(loaded.config, terminal.env);
  } catch (error) {
    terminal.stderr.write(`berth cannot start: ${(error as Error).message}\n`);
    return EXIT_UNAVAILABLE;
  }
  terminal.stderr.write(app.greeting);
  const signal = await nextSignal();
  terminal.stderr.write(`${signal}: finishing what is running\n`);
  await app.stop();
  return 0;
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
