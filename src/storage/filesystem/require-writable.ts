import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

import { errorCode } from "../../runtime/index.ts";
import { StorageError } from "../storage-error.ts";

/** Entering a file, and reading the folder to sync it. */
const { R_OK, W_OK, X_OK } = constants;

/**
 * Looks whether new files can be made in a folder and in those below it, as many levels down; does nothing if there is none.
 * @param root what the user who runs Berth should own
 * @throws StorageError `readonly` that names a folder that refuses, and what to do.
 */
export async function requireWritable(folder: string, root: string, levels: number): Promise<void> {
  try {
    // As a folder: a file in its place is another fault.
    await access(`${folder}/.`, R_OK | W_OK | X_OK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw errorCode(error) === "EACCES" ? notPermitted(folder, root, error) : error;
  }
  if (levels === 0) return;
  const entries = await readdir(folder, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory());
  await Promise.all(below.map(({ name }) => requireWritable(join(folder, name), root, levels - 1)));
}

function notPermitted(folder: string, root: string, cause: unknown): StorageError {
  const user = process.geteuid?.() ?? "<user>";
  const message = `user ${user}, as which Berth runs, may not write in ${folder}: chown -R ${user} ${root}`;
  return new StorageError("readonly", message, { cause });
}
