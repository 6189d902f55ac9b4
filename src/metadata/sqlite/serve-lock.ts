import { Database } from "bun:sqlite";
import { dirname, join } from "node:path";
import { MetadataError } from "../metadata-error.ts";
import { makeDatabaseFile, makeFolderOf } from "./database-folder.ts";
import { namingFailures } from "./sqlite-error.ts";
import { isLocked, whenUnlocked } from "./when-unlocked.ts";

/** Keeps other processes from serving the same database. The system releases it when the process ends, however it ends. */
export interface ServeLock {
  release(): void;
}

/** How long to wait for another process to end, such as the one that this one replaces. */
interface Patience {
  readonly waitMs: number;
}

/**
 * Takes the lock of one who serves alone, beside the database: who may work on an upload is known to one process only.
 * @param databasePath a file, or `:memory:`, which nobody else can have
 * @throws MetadataError `unavailable` while another process holds it
 */
export function lockForServing(databasePath: string, patience: Patience): Promise<ServeLock> {
  return lock(databasePath, patience, (file) => file.run("begin exclusive"));
}

/**
 * Takes the lock for several processes that serve together; they join in afterwards. It is not to be had while one of an
 * earlier start still serves.
 * @throws MetadataError `unavailable`
 */
export function lockForSeveral(databasePath: string, patience: Patience): Promise<ServeLock> {
  return lock(databasePath, patience, (file) => {
    file.run("begin exclusive");
    file.run("commit");
    // Others may read from now on, and nobody else may have this.
    file.run("begin immediate");
  });
}

/**
 * Joins those who serve together, for one whose parent has the lock for several.
 * @throws MetadataError `unavailable` while another process serves alone
 */
export function joinServing(databasePath: string): Promise<ServeLock> {
  return lock(databasePath, { waitMs: 0 }, (file) => {
    file.run("begin");
    file.query("select count(*) from sqlite_schema").get();
  });
}

/** SQLite's lock of a database that stays empty: it asks for no native code of ours, and works wherever the database does. */
async function lock(databasePath: string, { waitMs }: Patience, take: (file: Database) => void): Promise<ServeLock> {
  if (databasePath === ":memory:") return { release: () => undefined };
  await makeFolderOf(databasePath);
  const folder = dirname(databasePath);
  try {
    const file = await whenUnlocked(() => lockFile(join(folder, "serve.lock"), take), waitMs);
    return { release: () => file.close() };
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    throw new MetadataError("unavailable", `another Berth serves ${folder}: stop it first`, { cause });
  }
}

function lockFile(path: string, take: (file: Database) => void): Database {
  return namingFailures(path, () => {
    // Who can read it can lock it.
    makeDatabaseFile(path);
    const file = new Database(path, { create: true, readwrite: true });
    try {
      file.run("pragma busy_timeout = 0");
      take(file);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  });
}
