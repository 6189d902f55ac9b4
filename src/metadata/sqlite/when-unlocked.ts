import { SQLiteError } from "bun:sqlite";
import { MetadataError } from "../metadata-error.ts";

/** A commit of another process takes less than this many turns of the event loop, mostly. */
const TURNS = 50;
const LONGEST_PAUSE_MS = 20;

/**
 * Repeats `attempt` for up to `waitMs` while another connection holds the lock that it needs; everything else goes on meanwhile.
 * @throws what the last attempt threw
 */
export async function whenUnlocked<T>(attempt: () => T | Promise<T>, waitMs: number): Promise<T> {
  let deadline: AbortSignal | undefined;
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLocked(error) || waitMs <= 0 || deadline?.aborted) throw error;
    }
    deadline ??= AbortSignal.timeout(waitMs);
    if (attempts < TURNS) await new Promise((resolve) => setImmediate(resolve));
    else await Bun.sleep(Math.min(2 ** (attempts - TURNS), LONGEST_PAUSE_MS));
  }
}

export function isLocked(error: unknown): boolean {
  const cause = error instanceof MetadataError ? error.cause : undefined;
  return cause instanceof SQLiteError && (cause.code ?? "").startsWith("SQLITE_BUSY");
}
