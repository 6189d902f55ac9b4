import { type App, startApp, StartError } from "../app/index.ts";
import type { Config } from "../config/index.ts";
import { receiveOrders } from "../processes/index.ts";
import { EXIT_CONFIG, EXIT_IO, EXIT_UNAVAILABLE, type Terminal } from "./terminal.ts";

/** Serves as one of several processes until the one that started it says stop, or is gone; returns the exit code. */
export async function servingProcess(terminal: Terminal): Promise<number> {
  // A terminal and some service managers send signals to all processes: who watches over them decides.
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => undefined);
  const superior = await receiveOrders<Config>();
  if (!superior) {
    terminal.stderr.write("this is started by serve, not by hand\n");
    return EXIT_UNAVAILABLE;
  }
  const { start, stopRequested, report, leave } = superior;
  const { config, place } = start;
  const end = (exitCode: number) => {
    leave();
    return exitCode;
  };
  let app: App;
  try {
    app = await startApp(config, {
      env: terminal.env,
      signal: stopRequested,
      tell: (notice) => void terminal.stderr.write(`warning: ${notice}\n`),
      place,
    });
  } catch (error) {
    if (stopRequested.aborted) return end(0);
    if (!(error instanceof StartError)) throw error;
    const { message, isConfiguration } = error;
    await report({ kind: "failed", message, isConfiguration });
    return end(isConfiguration ? EXIT_CONFIG : EXIT_UNAVAILABLE);
  }
  await report({ kind: "ready", url: app.url.href });
  if (!stopRequested.aborted) await new Promise((resolve) => stopRequested.addEventListener("abort", resolve));
  return end((await app.stop()) ? 0 : EXIT_IO);
}
