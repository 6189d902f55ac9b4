import { type App, startApp } from "../app.ts";
import { ConfigError, formatProblem, loadConfig, type LoadedConfig } from "../config/index.ts";
import { StartError } from "../start-error.ts";
import { describeConfigError } from "./check-config.ts";
import { greet } from "./greeting.ts";
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from "./terminal.ts";

/** Serves until a signal asks to stop; returns the exit code. */
export async function serve(path: string | undefined, terminal: Terminal): Promise<number> {
  const loaded = load(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const stop = new StopRequest();
  let app: App;
  try {
    app = await startApp(loaded.config, {
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
  await app.stop();
  return 0;
}

function load(path: string | undefined, terminal: Terminal): LoadedConfig | undefined {
  try {
    const loaded = loadConfig({ path, env: terminal.env });
    for (const warning of loaded.warnings) terminal.stderr.write(`warning: ${formatProblem(warning)}\n`);
    return loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    terminal.stderr.write(describeConfigError(error));
    return undefined;
  }
}

/** SIGTERM or SIGINT; the second one ends the process at once. */
class StopRequest {
  readonly #abort = new AbortController();
  readonly #requested = Promise.withResolvers<void>();

  constructor() {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => this.#receive());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  #receive(): void {
    if (this.#abort.signal.aborted) process.exit(1);
    this.#abort.abort();
    this.#requested.resolve();
  }
}
