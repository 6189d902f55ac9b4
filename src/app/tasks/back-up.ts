import { randomUUID } from "node:crypto";
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../../config/index.ts";
import { copyDatabase, openSqliteForReading } from "../../metadata/index.ts";
import { type Closers, syncFolder, systemClock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import {
  type BackedUp,
  type BackupChoice,
  type BackupRecord,
  type CopyProgress,
  type DatabaseCopy,
  importCommand,
  loadTransfers,
  looksLikeRegistryV2,
  type Restored,
  type WoundBack,
} from "../../upkeep/index.ts";
import { COMMAND } from "../command-name.ts";
import { importPlaceOf } from "../require-known-content.ts";
import { registryOptions } from "../room-options.ts";
import { finishRestore } from "./finish-restore.ts";
import { lockDirectory } from "./lock-directory.ts";
import { requireDatabase } from "./require-database.ts";
import { requireNoDatabase } from "./require-no-database.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { TaskError } from "./task-error.ts";
import { VERSION } from "../version.ts";
import { openStorageFor } from "./open-parts.ts";
import { requireDirectory } from "./require-directory.ts";
import { runTask, stoppedBy } from "./run-task.ts";

export interface BackupOptions {
  readonly directory: string;
  readonly keep?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/**
 * Backs up the registry that the configuration names into a directory, whether it serves or not.
 * @throws TaskError
 */
export async function backUpRegistry(config: Config, options: BackupOptions): Promise<BackedUp> {
  const path = await requireDatabase(config);
  return asTask("backup", async (closers) => {
    const { backUp, copyObject, databaseKeyOf } = await loadTransfers();
    const from = await openStorageFor(closers, config.storage.driver);
    const to = await openStorageFor(closers, { kind: "filesystem", rootDirectory: options.directory });
    closers.add(lockDirectory(options.directory, "backup"));
    const scratch = await openScratch(dirname(path), closers);
    return backUp({
      ...options,
      from,
      to,
      newId: randomUUID,
      clock: systemClock,
      version: VERSION,
      async copyDatabase(key) {
        await mkdir(dirname(join(scratch.folder, key)), { recursive: true });
        copyDatabase(path, join(scratch.folder, key));
        return openCopy(scratch, key);
      },
      async openCopy(name) {
        const key = databaseKeyOf(name);
        const { signal } = options;
        const parts = {
          from: to,
          to: scratch.storage,
          key,
          uploadId: randomUUID(),
          algorithm: "sha256" as const,
          signal,
        };
        await copyObject(parts, () => true);
        return openCopy(scratch, key);
      },
    });
  });
}

export interface RestoreOptions extends Pick<BackupOptions, "directory" | "signal" | "onProgress"> {
  readonly choice: BackupChoice;
}

export interface RestoredRegistry extends Restored {
  /** `undefined`: it is as in the backup. */
  readonly woundBack: WoundBack | undefined;
  /** What adds the images that storage describes; `undefined`: it describes none, or they are not meant to be there at that time. */
  readonly importCommand: string | undefined;
}

/**
 * Brings back a registry where there is none.
 * @throws TaskError
 */
export async function restoreRegistry(config: Config, options: RestoreOptions): Promise<RestoredRegistry> {
  const { path } = config.database;
  if (path === ":memory:") throw new TaskError("nothing-there", "A registry in memory has no place to restore to.");
  await requireNoDatabase(path, "restore");
  await requireDirectory(options.directory);
  return asTask("restore", async (closers) => {
    const { restore } = await loadTransfers();
    const from = await openStorageFor(closers, { kind: "filesystem", rootDirectory: options.directory });
    const to = await openStorageFor(closers, config.storage.driver);
    await mkdir(dirname(path), { recursive: true });
    const scratch = await openScratch(dirname(path), closers);
    const openDatabase = (key: string) => openCopy(scratch, key);
    const restored = await restore({
      ...options,
      from,
      to,
      databaseTo: scratch.storage,
      openDatabase,
      newId: randomUUID,
    });
    const restoredPath = join(scratch.folder, restored.databaseKey);
    // Hashes of passwords are in it, as in one that serve has made.
    await chmod(restoredPath, 0o600);
    const finishing = { restored, options: registryOptions(config), signal: options.signal };
    const woundBack = await finishRestore(restoredPath, finishing);
    await requireNoDatabase(path, "restore");
    // Last: until it is there, serve does not start on half of a registry.
    await rename(restoredPath, path);
    await syncFolder(dirname(path));
    const place = woundBack === undefined && (await looksLikeRegistryV2(to)) ? importPlaceOf(config) : undefined;
    return { ...restored, woundBack, importCommand: place && importCommand(place) };
  });
}

/**
 * The backups that are in a directory, the oldest first.
 * @throws TaskError
 */
export async function listBackupsIn(directory: string): Promise<readonly BackupRecord[]> {
  await requireDirectory(directory);
  return asTask("list", async (closers) => {
    const { listBackups } = await loadTransfers();
    return listBackups(await openStorageFor(closers, { kind: "filesystem", rootDirectory: directory }));
  });
}

interface Scratch {
  readonly folder: string;
  readonly storage: StorageDriver;
}

/** A folder beside the database, where there is room for a copy of it, and nobody else reads. */
async function openScratch(parent: string, closers: Closers): Promise<Scratch> {
  const folder = await makeScratchFolder(parent, "backup");
  closers.add(() => rm(folder, { recursive: true }));
  return { folder, storage: await openStorageFor(closers, { kind: "filesystem", rootDirectory: folder }) };
}

async function openCopy({ folder, storage }: Scratch, key: string): Promise<DatabaseCopy> {
  const opened = await openSqliteForReading(join(folder, key));
  return { reads: opened.reads, file: storage, close: () => opened.close() };
}

async function asTask<T>(name: string, work: (closers: Closers) => Promise<T>): Promise<T> {
  const { RestoreError } = await loadTransfers();
  const asStopped = stoppedBy(
    (reason) => `The ${name} stopped: ${reason}. When that is repaired, run ${COMMAND} ${name} again to go on.`,
  );
  return runTask(work, (error) =>
    error instanceof RestoreError
      ? new TaskError("nothing-there", `Nothing restored: ${error.message}.`)
      : asStopped(error),
  );
}
