import { SQLiteError } from "bun:sqlite";
import { MetadataError, type MetadataErrorReason } from "../metadata-error.ts";

const REASONS: ReadonlyMap<string, readonly [MetadataErrorReason, string]> = new Map([
  ["SQLITE_BUSY", ["unavailable", "the database is locked by another process"]],
  ["SQLITE_LOCKED", ["unavailable", "the database is locked"]],
  ["SQLITE_FULL", ["full", "there is no space left for the database"]],
  ["SQLITE_READONLY", ["readonly", "the database may not be written"]],
  ["SQLITE_PERM", ["readonly", "the database may not be opened"]],
  ["SQLITE_CORRUPT", ["corrupt", "the database file is damaged: restore it from a backup"]],
  ["SQLITE_NOTADB", ["corrupt", "the database file is not a database: restore it from a backup"]],
  // What a file system says that the kernel has made read-only.
  ["SQLITE_IOERR_WRITE", ["readonly", "the database file cannot be written: look at the disk"]],
  ["SQLITE_IOERR", ["unavailable", "the database file cannot be read or written"]],
  ["SQLITE_CANTOPEN", ["unavailable", "the database file cannot be opened"]],
]);

/** Told of each failure of a database. */
export type FailureReport = (failure: MetadataError) => void;

/**
 * Runs `work`, and names what failed, and with which file, if SQLite fails in it.
 * @throws MetadataError, or what else `work` throws
 */
export function namingFailures<T>(path: string, work: () => T, report?: FailureReport): T {
  try {
    const result = work();
    return result instanceof Promise ? (result.catch((error: unknown) => rethrow(error, path, report)) as T) : result;
  } catch (error) {
    return rethrow(error, path, report);
  }
}

function rethrow(error: unknown, path: string, report?: FailureReport): never {
  if (!(error instanceof SQLiteError)) throw error;
  const code = error.code ?? "";
  for (const [prefix, [reason, message]] of REASONS) {
    if (!code.startsWith(prefix)) continue;
    const failure = new MetadataError(reason, `${path}: ${message}`, { cause: error });
    report?.(failure);
    throw failure;
  }
  throw error;
}
