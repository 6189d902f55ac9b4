import { Database } from "bun:sqlite";
import { readFileSync, statSync } from "node:fs";
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
  /** Is told who is in the way as soon as somebody is. */
  readonly tell?: (holder: string) => void;
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

/**
 * Keeps a folder for one process, of whatever machine or container reaches it.
 * @param name of the file in it that is locked
 * @throws MetadataError `unavailable` while another process has it
 */
export function lockFolder(folder: string, name: string): ServeLock {
  const path = join(folder, name);
  try {
    const file = lockFile(path, (opened) => opened.run("begin exclusive"));
    return { release: () => file.close() };
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    throw new MetadataError("unavailable", `another Berth${nameHolder(path)} works on ${folder}`, { cause });
  }
}

/** SQLite's lock of a database that stays empty: it asks for no native code of ours, and works wherever the database does. */
async function lock(
  databasePath: string,
  { waitMs, tell }: Patience,
  take: (file: Database) => void,
): Promise<ServeLock> {
  if (databasePath === ":memory:") return { release: () => undefined };
  await makeFolderOf(databasePath);
  const folder = dirname(databasePath);
  const path = join(folder, "serve.lock");
  let holder: string | undefined;
  const attempt = () => {
    try {
      return lockFile(path, take);
    } catch (error) {
      if (holder === undefined && isLocked(error)) {
        holder = `another Berth serves ${folder}${nameHolder(path)}`;
        if (waitMs > 0) tell?.(holder);
      }
      throw error;
    }
  };
  try {
    const file = await whenUnlocked(attempt, waitMs);
    return { release: () => file.close() };
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    throw new MetadataError("unavailable", `${holder}: stop it first, or serve another folder`, { cause });
  }
}

/** Where Linux says whose a lock is. The file itself is not to be opened, but by SQLite: closing it would drop our own locks. */
function nameHolder(path: string): string {
  try {
    const { ino } = statSync(path);
    const line = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .find((one) => one.split(/\s+/)[5]?.endsWith(`:${ino}`));
    const pid = Number(line?.split(/\s+/)[4]);
    return pid > 0 ? ` (process ${pid})` : "";
  } catch {
    return "";
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
