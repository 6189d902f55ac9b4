import { Database } from "bun:sqlite";
import { dirname, join } from "node:path";
import { MetadataError } from "../metadata-error.ts";
import { makeFolderOf } from "./database-folder.ts";
import { namingFailures } from "./sqlite-error.ts";
import { isLocked, whenUnlocked } from "./when-unlocked.ts";

/** Keeps other processes from serving the same database. The system releases it when the process ends, however it ends. */
export interface ServeLock {
  release(): void;
}

/**
 * Takes the lock of those who serve, beside the database: who may work on an upload is known to one process only.
 * @param databasePath a file, or `:memory:`, which nobody else can have
 * @param options waitMs: how long to wait for another process to end, such as the one that this one replaces
 * @throws MetadataError `unavailable` while another process holds it
 */
export async function lockForServing(databasePath: string, options: { readonly waitMs: number }): Promise<ServeLock> {
  if (databasePath === ":memory:") return { release: () => undefined };
  await makeFolderOf(databasePath);
  const folder = dirname(databasePath);
  try {
    const file = await whenUnlocked(() => lockFile(join(folder, "serve.lock")), options.waitMs);
    return { release: () => file.close() };
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    throw new MetadataError("unavailable", `another Berth serves ${folder}: stop it first`, { cause });
  }
}

/** SQLite's lock of a database that stays empty: it asks for no native code of ours, and works wherever the database does. */
function lockFile(path: string): Database {
  return namingFailures(path, () => {
    const file = new Database(path, { create: true, readwrite: true });
    try {
      file.run("pragma busy_timeout = 0");
      file.run("pragma locking_mode = exclusive");
      file.run("begin exclusive");
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  });
}
