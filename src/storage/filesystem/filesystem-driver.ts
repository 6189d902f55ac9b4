import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import type { ReadOptions, StorageDriver, StorageKey, StoredObject, UploadState } from "../driver.ts";
import type { FilesystemOptions } from "../options.ts";
import { requireSize } from "../require-size.ts";
import { parseStorageKey } from "../storage-key.ts";
import { unfinishedKeyOf, unfinishedPrefix } from "../unfinished.ts";
import { DurableDirectories, type SyncDirectory, syncOnDisk } from "./durable-directories.ts";
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
  readonly syncDirectory?: SyncDirectory;
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
  const syncDirectory = options.syncDirectory ?? syncOnDisk;
  try {
    const firstMade = await mkdir(root, { recursive: true });
    if (firstMade !== undefined) await syncMade(root, firstMade, syncDirectory);
    return new FilesystemDriver(await openRootDirectory(root), syncDirectory, options.writtenPrefix);
  } catch (error) {
    throw writeError(error, root);
  }
}

/** Makes the entries of a new directory durable, and of those above it up to the first that is new. */
async function syncMade(made: string, firstMade: string, syncDirectory: SyncDirectory): Promise<void> {
  await syncDirectory(dirname(made));
  if (made.length > firstMade.length) await syncMade(dirname(made), firstMade, syncDirectory);
}

/** Objects as files below one directory, in registry:2's layout; what is unfinished lies in `berth/uploads`. */
class FilesystemDriver implements StorageDriver {
  readonly name = "filesystem";
  readonly #root: RootDirectory;
  readonly #placing: PlacingFiles;
  readonly #uploads: UploadFiles;
  readonly #writtenPrefix: string | undefined;

  constructor(root: RootDirectory, syncDirectory: SyncDirectory, writtenPrefix: string | undefined) {
    const unfinishedDirectory = join(root.path, unfinishedPrefix, ".");
    const directories = new DurableDirectories({ root: root.path, unfinishedDirectory, syncDirectory });
    this.#root = root;
    this.#writtenPrefix = writtenPrefix;
    this.#placing = new PlacingFiles({ root, directories, unfinishedDirectory });
    this.#uploads = new UploadFiles({ root, directories, placing: this.#placing });
  }

  async stat(key: StorageKey): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    try {
      const found = await stat(path);
      return found.isFile() ? { key, sizeBytes: found.size, modifiedAtMs: found.mtimeMs } : undefined;
    } catch (error) {
      if (!isAbsence(error)) throw readError(error, path);
      // While the root is away nothing is known to be lost.
      await this.#root.requireSame();
      return undefined;
    }
  }

  async read(key: StorageKey, { range, sizeBytes }: ReadOptions = {}): Promise<Blob | undefined> {
    const found = await this.stat(key);
    if (!found) return undefined;
    requireSize(found, sizeBytes);
    const file = Bun.file(this.#pathOf(key));
    return range ? file.slice(range.firstByte, range.lastByte + 1) : file;
  }

  write(key: StorageKey, bytes: Uint8Array): Promise<void> {
    return this.#change(key, (path) => this.#placing.write(path, bytes));
  }

  remove(key: StorageKey): Promise<void> {
    return this.#change(key, (path) => this.#placing.remove(path));
  }

  async move(from: StorageKey, to: StorageKey): Promise<boolean> {
    const path = this.#pathOf(from);
    let isFound = false;
    await this.#change(to, async (destination) => {
      isFound = (await this.stat(from)) !== undefined && (await this.#placing.moveAway(path, destination));
    });
    return isFound;
  }

  /** Leaves out temporary files that are in use. */
  async *iterate(prefix: string): AsyncIterable<StoredObject> {
    for await (const found of walkFiles(this.#root, prefix))
      if (!this.#placing.isInUse(this.#pathOf(found.key))) yield found;
  }

  /** Makes no file yet: a client that never sends a byte leaves nothing behind. */
  async startUpload(id: string): Promise<UploadState> {
    unfinishedKeyOf(id);
    return { offsetBytes: 0, uploadId: id };
  }

  appendUpload(state: UploadState, chunks: AsyncIterable<Uint8Array>): Promise<UploadState> {
    return this.#uploads.append(state, chunks);
  }

  readUpload(state: UploadState): Promise<Blob> {
    return this.#uploads.read(state);
  }

  finishUpload(state: UploadState, key: StorageKey): Promise<void> {
    return this.#change(key, (path) => this.#uploads.finish(state, path));
  }

  cancelUpload(state: UploadState): Promise<void> {
    return this.#uploads.cancel(state);
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

  #pathOf(key: StorageKey): string {
    return join(this.#root.path, parseStorageKey(key));
  }

  async #change(key: StorageKey, change: (path: string) => Promise<void>): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await change(path);
    } catch (error) {
      throw writeError(error, path);
    }
  }
}
