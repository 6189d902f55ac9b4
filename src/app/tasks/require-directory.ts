import { stat } from "node:fs/promises";
import { TaskError } from "./task-error.ts";

/** Opening storage would make a directory that is missing. @throws TaskError `nothing-there` */
export async function requireDirectory(path: string): Promise<void> {
  if (!(await isDirectory(path))) throw new TaskError("nothing-there", `There is no directory ${path}.`);
}

export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
