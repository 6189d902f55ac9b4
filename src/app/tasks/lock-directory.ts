import { lockFolder, MetadataError } from "../../metadata/index.ts";
import { TaskError } from "./task-error.ts";

/**
 * Keeps a directory that is written to for one command. What a command that is gone had locked is free.
 * @returns what gives it back
 * @throws TaskError `busy`
 */
export function lockDirectory(directory: string, what: "backup" | "export"): () => void {
  try {
    const lock = lockFolder(directory, "berth.lock");
    return () => lock.release();
  } catch (error) {
    if (!(error instanceof MetadataError) || error.reason !== "unavailable") throw error;
    throw new TaskError("busy", `${error.message}: wait until its ${what} has ended`);
  }
}
