import { type App, countProcesses, startApp, StartError, superviseApp, type Surroundings } from "../app/index.ts";
import type { Config } from "../config/index.ts";
import { greet } from "./greeting.ts";
import { readConfig } from "./read-config.ts";
import { StopRequest } from "./stop-request.ts";
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from "./terminal.ts";

/** Serves until a signal asks to stop; returns the exit code. */
export async function serve(path: string | undefined, terminal: Terminal): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const stop = new StopRequest();
  let app: App;
  try {
    app = await start(loaded.config, {
      env: terminal.env,
      signal: stop.signal,
      tell: (notice) => void terminal.stderr.write(`warning: ${notice}\n`),
    });
  } catch (error) {
    if (stop.signal.aborted) return 0;
    if (!(error instanceof StartError)) throw error;
    terminal.stderr.write(`Berth cannot start: ${error.message}\n`);
    return error.isConfiguration ? EXIT_CONFIG : EXIT_UNAVAILABLE;
  }
  if (path === undefined || process.stderr.isTTY) terminal.stderr.write(greet(loaded.config, app.url));
  await stop.requested;
  if (process.stderr.isTTY) {
    const seconds = loaded.config.http.drainTimeoutMs / 1000;
    terminal.stderr.write(`Stopping: running requests have ${seconds} s to end; a second signal cuts them.\n`);
  }
  await app.stop();
  return 0;
}

function start(config: Config, surroundings: Surroundings): Promise<App> {
  const count = countProcesses(config);
  return count === 1 ? startApp(config, surroundings) : superviseApp(config, count, surroundings);
}
