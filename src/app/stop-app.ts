import type { Closers, Log } from "../runtime/index.ts";

/** Closes all that a start has opened. @returns whether all could be; what could not is in the log */
export async function stopApp(closers: Closers, log: Log): Promise<boolean> {
  try {
    await closers.closeAll((error) => log.error("not everything could be closed", { error }));
    return true;
  } catch {
    return false;
  }
}
