import { stat } from "node:fs/promises";
import type { Config } from "../../config/index.ts";
import { TaskError } from "./task-error.ts";

/**
 * The path of a database that is there: opening would make one, and a folder for it.
 * @throws TaskError `nothing-there`
 */
export async function requireDatabase({ database: { path } }: Config): Promise<string> {
  if (path === ":memory:")
    throw new TaskError("nothing-there", "A registry in memory has no database that others can open.");
  if (await stat(path).catch(() => undefined)) return path;
  throw new TaskError(
    "nothing-there",
    `There is no database ${path}: name the configuration that serve is started with, or start it once, which makes one.`,
  );
}
