import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { makeFolder, type SyncFolder, syncFolder } from "../../runtime/index.ts";
import type { ReadOptions, StorageDriver, StorageKey, StoredObject, UploadArea } from "../driver.ts";
import type { FilesystemOptions } from "../options.ts";
import { requireSize } from "../require-size.ts";
import { parseStoragePrefix } from "../storage-key.ts";
import { unfinishedKeyOf, unfinishedPrefix } from "../unfinished.ts";
import { DurableDirectories } from "./durable-directories.ts";
import { isAbsence, readError, writeError } from "./filesystem-error.ts";
import { PlacingFiles } from "./placing-files.ts";
import { probeFile } from "./probe-file.ts";
import { requireWritable } from "./require-writable.ts";
import { openRootDirectory, type RootDirectory } from "./root-directory.ts";
import { UploadFiles } from "./upload-files.ts";
import { walkFiles } from "./walk.ts";

/** What a failed check names; the file itself has a number behind it. */
const probeKey = unfinishedKeyOf("write");

export interface FilesystemDriverOptions extends Omit<FilesystemOptions, "kind"> {
  /** How a directory is brought to the disk; what it throws fails the write. */
  readonly syncDirectory?: SyncFolder;
  /** The prefix of objects that will be written: a check looks whether the folders there let it, as many as exist. */
  readonly writtenPrefix?: string | undefined;
}

/** `<algorithm>/<first two hex digits>/`; folders below those are made for one blob each. */
const sharedLevels = 2;

/**
 * Opens a directory as storage and makes it when it is missing.
 * @throws StorageError when it cannot be made.
 */
export async function openFilesystemDriver(options: FilesystemDriverOptions): Promise<StorageDriver> {
  const root = resolve(options.rootDirectory);
  const syncDirectory = options.syncDirectory ?? syncFolder;
  try {
    await makeFolder(root, { sync: syncDirectory });
    return new FilesystemDriver(await openRootDirectory(root), syncDirectory, options.writtenPrefix);
  } catch (error) {
    throw writeError(error, root);
  }
}

/** Objects as files below one directory, in registry:2's layout; what is unfinished lies in `berth/uploads`. */
class FilesystemDriver implements StorageDriver {
  readonly name = "filesystem";
  readonly uploads: UploadArea;
  readonly #root: RootDirectory;
  readonly #placing: PlacingFiles;
  readonly #writtenPrefix: string | undefined;

  constructor(root: RootDirectory, syncDirectory: SyncFolder, writtenPrefix: string | undefined) {
    const unfinishedDirectory = join(root.path, unfinishedPrefix, ".");
    const directories = new DurableDirectories({ root: root.path, unfinishedDirectory, syncDirectory });
    this.#root = root;
    this.#writtenPrefix = writtenPrefix;
    this.#placing = new PlacingFiles({ root, directories, unfinishedDirectory });
    this.uploads = new UploadFiles({ root, directories, placing: this.#placing });
  }

  async stat(key: StorageKey): Promise<StoredObject | undefined> {
    const found = await findFile(this.#root, this.#root.pathOf(key));
    return found && { key, sizeBytes: found.size, modifiedAtMs: found.mtimeMs };
  }

  async read(key: StorageKey, { range, sizeBytes }: ReadOptions = {}): Promise<Blob | undefined> {
    const path = this.#root.pathOf(key);
    const found = await findFile(this.#root, path);
    if (!found) return undefined;
    requireSize({ key, sizeBytes: found.size }, sizeBytes);
    const file = Bun.file(path);
    return range ? file.slice(range.firstByte, range.lastByte + 1) : file;
  }

  write(key: StorageKey, bytes: Uint8Array): Promise<void> {
    return this.#change(key, (path) => this.#placing.write(path, bytes));
  }

  remove(key: StorageKey): Promise<void> {
    return this.#change(key, (path) => this.#placing.remove(path));
  }

  async move(from: StorageKey, to: StorageKey): Promise<boolean> {
    const path = this.#root.pathOf(from);
    let isFound = false;
    await this.#change(to, async (destination) => {
      isFound = (await this.stat(from)) !== undefined && (await this.#placing.moveAway(path, destination));
    });
    return isFound;
  }

  /** Leaves out temporary files that are in use. */
  async *iterate(prefix: string): AsyncIterable<StoredObject> {
    for await (const found of walkFiles(this.#root, prefix))
      if (!this.#placing.isInUse(this.#root.pathOf(found.key))) yield found;
  }

  async removeEmpty(prefix: string): Promise<void> {
    const directory = resolve(this.#root.path, parseStoragePrefix(prefix));
    try {
      await this.#placing.removeEmptyBelow(directory);
    } catch (error) {
      throw writeError(error, directory);
    }
  }

  async check(): Promise<void> {
    await this.#change(probeKey, async () => {
      await this.#root.requireSame();
      await probeFile(this.#placing);
    });
    if (this.#writtenPrefix === undefined) return;
    const written = join(this.#root.path, this.#writtenPrefix);
    await requireWritable(written, this.#root.path, sharedLevels).catch((error: unknown) => {
      throw writeError(error, written);
    });
  }

  async close(): Promise<void> {}

  async #change(key: StorageKey, change: (path: string) => Promise<void>): Promise<void> {
    const path = this.#root.pathOf(key);
    try {
      await change(path);
    } catch (error) {
      throw writeError(error, path);
    }
  }
}

async function findFile(root: RootDirectory, path: string): Promise<Stats | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found : undefined;
  } catch (error) {
    if (!isAbsence(error)) throw readError(error, path);
    // While the root is away nothing is known to be lost.
    await root.requireSame();
    return undefined;
  }
}
