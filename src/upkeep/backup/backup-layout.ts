import { parseStorageKey, type StorageDriver, type StorageKey } from "../../storage/index.ts";

/**
 * A backup lies in a storage of its own: blobs once, where Berth has them, and for each backup a folder of its time with a copy
 * of the database and, once it is whole, what is known of it.
 *
 *     docker/registry/v2/blobs/…             as in the registry
 *     backups/20261121T201500123Z/
 *       berth.db                             the database at one moment
 *       backup.json                          written last: without it the backup is not whole
 */
export const BACKUPS_FOLDER = "backups/";

/** What is known of a whole backup. */
export interface BackupRecord {
  /** Also the name of its folder: `20261121T201500123Z`, in UTC. */
  readonly name: string;
  readonly takenAtMs: number;
  /** The program that took it. */
  readonly version: string;
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that the registry itself had lost, or that could not be read. */
  readonly missing: readonly string[];
  /** The SHA-256 of the database's copy, in hexadecimal. */
  readonly databaseSha256: string;
}

export function backupNameAt(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:.]/g, "");
}

export function databaseKeyOf(name: string): StorageKey {
  return parseStorageKey(`${BACKUPS_FOLDER}${name}/berth.db`);
}

/** @param name of a backup */
export function recordKeyOf(name: string): StorageKey {
  return parseStorageKey(`${BACKUPS_FOLDER}${name}/backup.json`);
}

/** All that are whole, the oldest first. */
export async function listBackups(storage: StorageDriver): Promise<readonly BackupRecord[]> {
  const records: BackupRecord[] = [];
  for await (const { key } of storage.iterate(BACKUPS_FOLDER)) {
    if (!key.endsWith("/backup.json")) continue;
    const found = await storage.read(key);
    if (found) records.push((await found.json()) as BackupRecord);
  }
  return records.toSorted((one, other) => one.takenAtMs - other.takenAtMs);
}
