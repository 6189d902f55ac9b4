import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../../config/index.ts";
import { openSqlite } from "../../metadata/index.ts";
import { type Closers, syncFolder, systemClock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import {
  type DescriptionMarker,
  findMarker,
  type ImportedRepository,
  type ImportSummary,
  loadTransfers,
} from "../../upkeep/index.ts";
import { COMMAND } from "../command-name.ts";
import { requireNoDatabase } from "./require-no-database.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { TaskError } from "./task-error.ts";
import { openStorageFor } from "./open-parts.ts";
import { requireDirectory } from "./require-directory.ts";
import { runTask, stoppedBy } from "./run-task.ts";

export interface RebuildOptions {
  /** Says what there is, and writes nothing. */
  readonly dryRun: boolean;
  readonly report: (imported: ImportedRepository) => void;
}

export interface Rebuilt extends ImportSummary {
  /** When storage was described last, RFC 3339. */
  readonly describedAt: string;
  readonly databasePath: string;
}

/**
 * Makes the database that a configuration names from what lies beside the blobs: repositories, manifests and tags. Each manifest is read and
 * verified, each blob that one names is looked for. There is a database only once all of it is there.
 * @throws TaskError
 */
export async function rebuildRegistry(config: Config, options: RebuildOptions): Promise<Rebuilt> {
  const { path } = config.database;
  const { driver } = config.storage;
  if (driver.kind !== "filesystem" || path === ":memory:")
    throw new TaskError("nothing-there", "Only a data directory describes itself: this storage is in memory.");
  await requireNoDatabase(path, "rebuild");
  await requireDirectory(driver.rootDirectory);
  return runTask(
    async (closers) => {
      const storage = await openStorageFor(closers, driver);
      const { at: describedAt } = await requireMarker(storage, driver.rootDirectory);
      const summary = await (options.dryRun
        ? read(":memory:", storage, options)
        : make(path, storage, options, closers));
      return { ...summary, describedAt, databasePath: path };
    },
    stoppedBy((reason) => `The rebuild stopped: ${reason}. Nothing was made; run it again.`),
  );
}

/** Made beside its place, and put there last: until then serve does not start on half of a registry. */
async function make(path: string, storage: StorageDriver, options: RebuildOptions, closers: Closers) {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  const folder = await makeScratchFolder(parent, "rebuild");
  closers.add(() => rm(folder, { recursive: true }));
  const made = join(folder, "berth.db");
  const summary = await read(made, storage, options);
  await requireNoDatabase(path, "rebuild");
  await rename(made, path);
  await syncFolder(parent);
  return summary;
}

async function read(path: string, storage: StorageDriver, { report }: RebuildOptions): Promise<ImportSummary> {
  const { importRegistryV2 } = await loadTransfers();
  const metadata = await openSqlite(path);
  try {
    return await importRegistryV2({ metadata, storage, clock: systemClock, report });
  } finally {
    await metadata.close();
  }
}

async function requireMarker(storage: StorageDriver, rootDirectory: string): Promise<DescriptionMarker> {
  const marker = await findMarker(storage);
  if (marker) return marker;
  const message = [
    `${rootDirectory} does not describe itself: storage.selfdescribing was off, or it is not a data directory of Berth.`,
    `Of what a registry:2 left there, or ${COMMAND} export registry-v2 --in-place, ${COMMAND} import registry-v2 makes a database.`,
  ];
  throw new TaskError("nothing-there", message.join("\n"));
}
