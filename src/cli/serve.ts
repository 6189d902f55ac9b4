import { type App, countProcesses, startApp, StartError, superviseApp, type Surroundings } from "../app/index.ts";
import { type Config, isLoopback } from "../config/index.ts";
import { greet } from "./greeting.ts";
import { readConfig } from "./read-config.ts";
import { StopRequest } from "./stop-request.ts";
import { EXIT_CONFIG, EXIT_IO, EXIT_UNAVAILABLE, type Terminal } from "./terminal.ts";

/** Serves until a signal asks to stop; returns the exit code. */
export async function serve(path: string | undefined, terminal: Terminal): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  if (sendsPasswordsInClear(loaded.config)) terminal.stderr.write(`warning: ${IN_CLEAR}\n`);
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
  return (await app.stop()) ? 0 : EXIT_IO;
}

const IN_CLEAR =
  "http.addr can be reached from outside without TLS: passwords travel in clear, and Docker elsewhere refuses; set http.tls, " +
  "or http.trustedproxies where a proxy has TLS";

/** Unless a proxy, of which the configuration knows, speaks TLS to the clients. */
function sendsPasswordsInClear({ auth, http }: Config): boolean {
  const isBehindProxy =
    http.trustedProxies.length > 0 || http.relativeUrls || (http.host?.startsWith("https:") ?? false);
  return auth.kind !== "none" && !http.tls && !isLoopback(http.address) && !isBehindProxy;
}

function start(config: Config, surroundings: Surroundings): Promise<App> {
  const count = countProcesses(config);
  return count === 1 ? startApp(config, surroundings) : superviseApp(config, count, surroundings);
}
