import { MetadataError } from "../../metadata/index.ts";
import { Closers } from "../../runtime/index.ts";
import { StorageError } from "../../storage/index.ts";
import { TaskError } from "./task-error.ts";

/**
 * Does the work of a command, and closes what it has opened, however it ends.
 * @param asError makes of what was thrown what is thrown to who typed the command, such as by {@link stoppedBy}
 */
export async function runTask<T>(
  work: (closers: Closers) => Promise<T>,
  asError: (error: unknown) => unknown,
): Promise<T> {
  const closers = new Closers();
  try {
    return await work(closers);
  } catch (error) {
    throw asError(error);
  } finally {
    await closers.closeAll();
  }
}

/** Makes a {@link TaskError} of what storage or the database throws; all else stays what it is. */
export function stoppedBy(describe: (reason: string) => string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof StorageError) && !(error instanceof MetadataError)) return error;
    return new TaskError("failed", describe(error.message), { cause: error });
  };
}
