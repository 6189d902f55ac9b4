import type { StorageDriver } from "../../storage/index.ts";
import { findDatabaseBirth, type Queries } from "../../metadata/index.ts";
import { databaseKeyOf } from "./backup-layout.ts";
import type { DatabaseCopy } from "./backup-registry.ts";
import { type BlobsCopied, type BlobsCopy, copyBlobs } from "./copy-blobs.ts";
import { type BackupChoice, type ChosenBackup, chooseBackup, RestoreError } from "./choose-backup.ts";
import { copyObject } from "./copy-object.ts";

export interface Restore extends BlobsCopy {
  /** The backup's. */
  readonly from: StorageDriver;
  /** The registry's. */
  readonly to: StorageDriver;
  /** Where the copy of the database is put until all is there. */
  readonly databaseTo: StorageDriver;
  /** Opens what was put there under the key. */
  readonly openDatabase: (key: string) => Promise<DatabaseCopy>;
  readonly choice: BackupChoice;
}

export interface Restored extends BlobsCopied, ChosenBackup {
  /** Where the database is, of `databaseTo`. */
  readonly databaseKey: string;
}

/**
 * Brings the blobs of a backup to where the registry has them, each verified, and its database to where the caller takes it from. It may
 * be run again, and then copies what is not there yet.
 * @throws RestoreError, StorageError, MetadataError, or the reason of the aborted signal
 */
export async function restore(options: Restore): Promise<Restored> {
  const { from, databaseTo, newId, signal } = options;
  const chosen = await chooseBackup(from, options.choice);
  const { backup } = chosen;
  const databaseKey = databaseKeyOf(backup.name);
  const parts = { from, to: databaseTo, key: databaseKey, uploadId: newId(), algorithm: "sha256" as const, signal };
  if (!(await copyObject(parts, (hex) => hex === backup.databaseSha256)))
    throw new RestoreError(`the database of the backup ${backup.name} is damaged or gone: restore another one`);
  const database = await options.openDatabase(databaseKey);
  try {
    await requireHistory(database.reads, chosen);
    return { ...(await copyBlobs(database.reads, { ...options, verifiesAll: true })), ...chosen, databaseKey };
  } finally {
    await database.close();
  }
}

/** A database knows nothing of what was before it, such as one that was rebuilt. @throws RestoreError */
async function requireHistory(reads: Queries, { backup, windBackToMs, before }: ChosenBackup): Promise<void> {
  if (windBackToMs === undefined) return;
  const bornMs = await findDatabaseBirth(reads);
  if (bornMs <= windBackToMs) return;
  const born = new Date(bornMs).toISOString();
  const remedy = before === undefined ? "" : `; restore ${before}, the last one before`;
  throw new RestoreError(`the database of ${backup.name} was made at ${born}: it knows nothing of that time${remedy}`);
}
