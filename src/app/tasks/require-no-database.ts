import { stat } from "node:fs/promises";
import { TaskError } from "./task-error.ts";

/**
 * That another database can be put in a place. What is left of the log of one that was there would be taken for the new one's, and
 * break it.
 * @param what is to be done there, for people
 * @throws TaskError `failed`
 */
export async function requireNoDatabase(path: string, what: "rebuild" | "restore"): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const found = await stat(file).catch(() => undefined);
    if (found && (found.size > 0 || file !== path))
      throw new TaskError(
        "failed",
        `There is ${file} already. Move it away, if it is of no use any more, to ${what} in its place.`,
      );
  }
}
