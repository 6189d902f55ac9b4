import type { Queries } from "../../metadata/index.ts";
import { BLOBS_FOLDER } from "../../registry/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import {
  BACKUPS_FOLDER,
  type BackupRecord,
  backupNameAt,
  databaseKeyOf,
  listBackups,
  recordKeyOf,
} from "./backup-layout.ts";
import { type BlobsCopied, type BlobsCopy, copyBlobs, iterateBlobs } from "./copy-blobs.ts";
import { copyObject } from "./copy-object.ts";

/** A copy of the database that nobody changes. */
export interface DatabaseCopy {
  readonly reads: Queries;
  /** Its file, as the only object of a storage. */
  readonly file: StorageDriver;
  close(): Promise<void>;
}

export interface Backup extends BlobsCopy {
  /** The registry's. */
  readonly from: StorageDriver;
  /** The backup's. */
  readonly to: StorageDriver;
  /** Takes a copy of the database as it is now, whose file is under the key. */
  readonly copyDatabase: (key: string) => Promise<DatabaseCopy>;
  /** Opens the copy of an earlier backup. */
  readonly openCopy: (name: string) => Promise<DatabaseCopy>;
  readonly clock: Clock;
  readonly version: string;
  /** How many backups are kept, this one with them; `undefined`: all. */
  readonly keep?: number | undefined;
}

export interface BackedUp extends BackupRecord {
  readonly copiedBlobs: number;
  readonly copiedBytes: number;
  /** Of older backups. */
  readonly removedBackups: number;
  readonly removedBlobs: number;
}

/** What was deleted and cleaned up while blobs were copied is not in the next copy of the database. */
const MOST_ROUNDS = 3;

/**
 * Takes a backup: the database first, then the blobs that it names and that no earlier backup has. What is acknowledged before it begins
 * is in it, whole.
 * @throws StorageError, MetadataError, or the reason of the aborted signal
 */
export async function backUp(backup: Backup): Promise<BackedUp> {
  const { to, clock } = backup;
  for (let round = 1; ; round++) {
    const takenAtMs = clock.nowMs();
    const name = backupNameAt(takenAtMs);
    const copy = await backup.copyDatabase(databaseKeyOf(name));
    try {
      const copied = await copyBlobs(copy.reads, backup);
      if ((await hasUnexpectedLoss(copy.reads, copied)) && round < MOST_ROUNDS) continue;
      const record = await putRecord(backup, { name, takenAtMs, copy, copied });
      const removed = backup.keep === undefined ? NOTHING_REMOVED : await prune(backup, backup.keep, { name, copy });
      const { copiedBlobs, copiedBytes } = copied;
      return { ...record, copiedBlobs, copiedBytes, ...removed };
    } finally {
      await copy.close();
      await removeStrays(to);
    }
  }
}

/** Whether something is missing that the registry did not know to be lost. */
async function hasUnexpectedLoss(reads: Queries, { missing }: BlobsCopied): Promise<boolean> {
  if (missing.length === 0) return false;
  const lost = new Set<string>();
  for await (const { digest } of iterateBlobs(reads, { onlyLost: true })) lost.add(digest);
  return missing.some((digest) => !lost.has(digest));
}

interface Taken {
  readonly name: string;
  readonly takenAtMs: number;
  readonly copy: DatabaseCopy;
  readonly copied: BlobsCopied;
}

/** The record is last: a backup without one is not whole. */
async function putRecord(
  { to, newId, signal, version }: Backup,
  { name, takenAtMs, copy, copied: { blobs, bytes, missing } }: Taken,
): Promise<BackupRecord> {
  let databaseSha256 = "";
  const isRight = (hex: string) => {
    databaseSha256 = hex;
    return true;
  };
  const key = databaseKeyOf(name);
  const parts = { from: copy.file, to, key, uploadId: newId(), algorithm: "sha256" as const, signal };
  if (!(await copyObject(parts, isRight))) throw new Error("the copy of the database went while it was read");
  const record = { name, takenAtMs, version, blobs, bytes, missing, databaseSha256 };
  await to.write(recordKeyOf(name), new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
  return record;
}

const NOTHING_REMOVED = { removedBackups: 0, removedBlobs: 0 };

/**
 * Removes the oldest backups but `keep`, and blobs that none of those that stay names.
 * @param taken stays, also when a clock that was put back says that it is the oldest
 */
async function prune(
  { to, openCopy }: Backup,
  keep: number,
  taken: Pick<Taken, "name" | "copy">,
): Promise<typeof NOTHING_REMOVED> {
  const all = await listBackups(to);
  const others = all.filter(({ name }) => name !== taken.name);
  const old = others.slice(0, Math.max(0, all.length - keep));
  for (const { name } of old) {
    await to.remove(recordKeyOf(name));
    await to.remove(databaseKeyOf(name));
  }
  if (old.length === 0) return NOTHING_REMOVED;
  const needed = new Set<string>();
  await addKeys(taken.copy, needed);
  for (const { name } of others.slice(old.length)) {
    const copy = await openCopy(name);
    try {
      await addKeys(copy, needed);
    } finally {
      await copy.close();
    }
  }
  let removedBlobs = 0;
  for await (const { key } of to.iterate(`${BLOBS_FOLDER}/`)) {
    if (needed.has(key)) continue;
    await to.remove(key);
    removedBlobs += 1;
  }
  return { removedBackups: old.length, removedBlobs };
}

async function addKeys({ reads }: DatabaseCopy, keys: Set<string>): Promise<void> {
  for await (const { storageKey } of iterateBlobs(reads)) keys.add(storageKey);
}

/** What a backup that broke off has left. */
async function removeStrays(to: StorageDriver): Promise<void> {
  const whole = new Set((await listBackups(to)).map(({ name }) => databaseKeyOf(name)));
  for await (const { key } of to.iterate(BACKUPS_FOLDER))
    if (key.endsWith("/berth.db") && !whole.has(key)) await to.remove(key);
}
