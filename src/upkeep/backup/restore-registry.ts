import type { StorageDriver } from "../../storage/index.ts";
import { type BackupRecord, databaseKeyOf, listBackups } from "./backup-layout.ts";
import type { DatabaseCopy } from "./backup-registry.ts";
import { type BlobsCopied, type BlobsCopy, copyBlobs } from "./copy-blobs.ts";
import { copyObject } from "./copy-object.ts";

export interface Restore extends Omit<BlobsCopy, "verifiesAll"> {
  /** The backup's. */
  readonly from: StorageDriver;
  /** The registry's. */
  readonly to: StorageDriver;
  /** Where the copy of the database is put until all is there. */
  readonly databaseTo: StorageDriver;
  /** Opens what was put there under the key. */
  readonly openDatabase: (key: string) => Promise<DatabaseCopy>;
  /** The newest backup that was taken by then; `undefined`: the newest. */
  readonly atMs?: number | undefined;
}

export interface Restored extends BlobsCopied {
  readonly backup: BackupRecord;
  /** Where the database is, of `databaseTo`. */
  readonly databaseKey: string;
}

/** There is nothing to restore, or it is not what was backed up. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

/**
 * Brings the blobs of a backup to where the registry has them, each verified, and its database to where the caller takes it from. It may
 * be run again, and then copies what is not there yet.
 * @throws RestoreError, StorageError, MetadataError, or the reason of the aborted signal
 */
export async function restore(options: Restore): Promise<Restored> {
  const { from, databaseTo, newId, signal } = options;
  const backup = await chooseBackup(options);
  const databaseKey = databaseKeyOf(backup.name);
  const parts = { from, to: databaseTo, key: databaseKey, uploadId: newId(), algorithm: "sha256" as const, signal };
  if (!(await copyObject(parts, (hex) => hex === backup.databaseSha256)))
    throw new RestoreError(`the database of the backup ${backup.name} is damaged or gone: restore another one`);
  const database = await options.openDatabase(databaseKey);
  try {
    return { ...(await copyBlobs(database.reads, { ...options, verifiesAll: true })), backup, databaseKey };
  } finally {
    await database.close();
  }
}

async function chooseBackup({ from, atMs = Infinity }: Restore): Promise<BackupRecord> {
  const all = await listBackups(from);
  const chosen = all.findLast(({ takenAtMs }) => takenAtMs <= atMs);
  if (chosen) return chosen;
  const [oldest] = all;
  throw new RestoreError(
    oldest ? `the oldest backup is ${oldest.name}: there is none of that time` : "there is no whole backup in there",
  );
}
