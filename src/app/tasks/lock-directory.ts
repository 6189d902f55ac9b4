import { lockFolder, MetadataError } from "../../metadata/index.ts";
import { TaskError } from "./task-error.ts";

/** Not `berth.lock`: under that name earlier versions that were killed have left a text, which SQLite does not take for its own. */
export const LOCK = "work.lock";

/**
 * Keeps a directory that is written to for one command. What a command that is gone had locked is free.
 * @returns what gives it back
 * @throws TaskError `busy`
 */
export function lockDirectory(directory: string, what: "backup" | "export"): () => void {
  try {
    const lock = lockFolder(directory, LOCK);
    return () => lock.release();
  } catch (error) {
    if (!(error instanceof MetadataError) || error.reason !== "unavailable") throw error;
    throw new TaskError("busy", `${error.message}: wait until its ${what} has ended`);
  }
}
