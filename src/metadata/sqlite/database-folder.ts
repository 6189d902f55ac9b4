import { closeSync, constants, openSync } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, makeFolder } from "../../runtime/index.ts";
import { MetadataError } from "../metadata-error.ts";

/**
 * Makes the folder that a database file lies in, for its owner alone, if need be. What is there already has to be writable.
 * @throws MetadataError
 */
export async function makeFolderOf(databasePath: string): Promise<void> {
  const folder = dirname(databasePath);
  try {
    await makeFolder(folder, { mode: 0o700 });
  } catch (cause) {
    throw new MetadataError("readonly", `cannot make the folder ${folder}: ${(cause as Error).message}`, { cause });
  }
  for (const path of [`${folder}/.`, join(folder, "serve.lock"), ...filesOf(databasePath)]) await requireWritable(path);
}

function filesOf(databasePath: string): readonly string[] {
  return [databasePath, `${databasePath}-wal`, `${databasePath}-shm`];
}

/**
 * Before SQLite opens it: SQLite says of none of its files which one is in the way, and makes those that are missing with the
 * permissions of the database, where they stay when these are made right.
 */
async function requireWritable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "ENOENT") return;
    const user = process.geteuid?.() ?? "<user>";
    const refusal = `user ${user}, as which Berth runs, may not write ${path}: chown ${user} and chmod u+rw it`;
    const message = code === "EROFS" ? `${path} is on a file system that is mounted read-only` : refusal;
    throw new MetadataError("readonly", message, { cause });
  }
}

/**
 * Makes the database file, empty and for its owner alone, where there is none; SQLite gives its log the same mode. To be called
 * before this process opens the database, and without a wait between: to close the file would take SQLite's locks away.
 */
export function makeDatabaseFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It is there, or SQLite cannot make it either and says why.
  }
}
