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
  ["SQLITE_IOERR", ["unavailable", "the database file cannot be read or written"]],
  ["SQLITE_CANTOPEN", ["unavailable", "the database file cannot be opened"]],
]);

/** Names what failed if SQLite failed; anything else comes back as it is. */
export function namedSqliteError(error: unknown): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const code = error.code ?? "";
  for (const [prefix, [reason, message]] of REASONS) {
    if (code.startsWith(prefix)) return new MetadataError(reason, message, { cause: error });
  }
  return error;
}
