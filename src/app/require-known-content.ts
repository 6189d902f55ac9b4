import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { COMMAND } from "./command-name.ts";
import { DATABASE } from "./tasks/import-directory.ts";
import type { Config } from "../config/index.ts";
import { BLOBS_FOLDER } from "../registry/index.ts";
import { errorCode } from "../runtime/index.ts";
import type { StorageDriver } from "../storage/index.ts";
import { adviseImport, findUnimportedRegistry, findMarker, type ImportPlace, type StartedOn } from "../upkeep/index.ts";
import { StartError } from "./start-error.ts";

/**
 * Refuses content that no database knows, before one is made: an empty catalogue would look as if every image were lost, and what is
 * pushed then would be in the wrong database.
 * @throws StartError
 */
export async function requireKnownContent(config: Config, storage: StorageDriver): Promise<void> {
  const { driver } = config.storage;
  const { path } = config.database;
  if (!(await isToBeMade(path))) return;
  await requireRebuilt(config, storage);
  await requireImported(config, { storage, metadata: undefined });
  if (driver.kind !== "filesystem" || path === ":memory:" || !(await holdsBlobs(storage))) return;
  const blobs = join(driver.rootDirectory, BLOBS_FOLDER);
  const message = [
    `${blobs} holds blobs, and there is no database ${path} that knows them.`,
    "Bring it back: mount its disk, set database.path right, or restore it from the backup (docs/operations.md, Backup).",
    `To begin anew without these images, move ${blobs} away, or give another storage.filesystem.rootdirectory.`,
  ];
  throw new StartError(message.join("\n"), { isConfiguration: true });
}

/** @throws StartError if there was a database, from which the storage was described */
async function requireRebuilt({ database, storage: { driver } }: Config, storage: StorageDriver): Promise<void> {
  const marker = await findMarker(storage);
  if (!marker || driver.kind !== "filesystem") return;
  const message = [
    `${driver.rootDirectory} holds the content of a registry, and there is no database ${database.path} that knows it.`,
    "Bring it back: mount its disk, set database.path right, or restore it from the backup (docs/operations.md, Backup).",
    `If it is lost, ${COMMAND} rebuild <config.yml> makes one from what lies beside the blobs, as of ${marker.at}: repositories, manifests`,
    "and tags, without users, settings and history.",
  ];
  throw new StartError(message.join("\n"), { isConfiguration: true });
}

/** @throws StartError if the directory is a registry:2's that was not imported */
export async function requireImported(config: Config, startedOn: StartedOn): Promise<void> {
  const unimported = await findUnimportedRegistry(startedOn);
  const place = importPlaceOf(config);
  if (unimported && place) throw new StartError(adviseImport(unimported, place), { isConfiguration: true });
}

/** Where an import would read and write, so that this configuration serves what it brings; `undefined`: storage is no directory. */
export function importPlaceOf({ storage: { driver }, database: { path } }: Config): ImportPlace | undefined {
  if (driver.kind !== "filesystem") return undefined;
  const { rootDirectory } = driver;
  const databasePath = resolve(path) === resolve(rootDirectory, DATABASE) ? undefined : path;
  return { command: COMMAND, rootDirectory, databasePath };
}

/** Also what may not be looked at is there. One without a byte is no database yet. */
async function isToBeMade(databasePath: string): Promise<boolean> {
  try {
    return (await stat(databasePath)).size === 0;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

async function holdsBlobs(storage: StorageDriver): Promise<boolean> {
  for await (const _ of storage.iterate(`${BLOBS_FOLDER}/`)) return true;
  return false;
}
