import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import type { StorageKey, UploadArea, UploadState } from "../driver.ts";
import { StorageError } from "../storage-error.ts";
import { unfinishedKeyOf } from "../unfinished.ts";
import type { DurableDirectories } from "./durable-directories.ts";
import { isAbsence, readError, writeError } from "./filesystem-error.ts";
import type { PlacingFiles } from "./placing-files.ts";
import type { RootDirectory } from "./root-directory.ts";
import { type OpenUpload, writeChunks } from "./write-chunks.ts";

export interface UploadFilesOptions {
  readonly root: RootDirectory;
  readonly directories: DurableDirectories;
  readonly placing: PlacingFiles;
}

/**
 * Uploads as files that grow. The file is made by the first append; what lies behind the state's offset was never
 * acknowledged and is cut off when the append fails, or after a crash before anything is added or the upload is finished.
 */
export class UploadFiles implements UploadArea {
  readonly #options: UploadFilesOptions;

  constructor(options: UploadFilesOptions) {
    this.#options = options;
  }

  async append(state: UploadState, chunks: AsyncIterable<Uint8Array>): Promise<UploadState> {
    const { uploadId, offsetBytes } = state;
    const path = this.#pathOf(uploadId);
    const handle = await this.#openAt(path, offsetBytes);
    try {
      const endBytes = await writeChunks({ handle, path, offsetBytes }, chunks);
      if (offsetBytes === 0) await this.#makeEntryDurable(path);
      return { ...state, offsetBytes: endBytes };
    } catch (error) {
      await freeUnacknowledged({ handle, path, offsetBytes });
      throw error;
    } finally {
      await handle.close();
    }
  }

  async read({ uploadId, offsetBytes }: UploadState): Promise<Blob> {
    if (offsetBytes === 0) return new Blob([]);
    const path = this.#pathOf(uploadId);
    requireBytes(path, await sizeOf(this.#options.root, path), offsetBytes);
    return Bun.file(path).slice(0, offsetBytes);
  }

  async finish(state: UploadState, key: StorageKey): Promise<void> {
    const destination = this.#options.root.pathOf(key);
    try {
      await this.#finishAt(state, destination);
    } catch (error) {
      throw writeError(error, destination);
    }
  }

  async cancel(uploadId: string): Promise<void> {
    const path = this.#pathOf(uploadId);
    try {
      await unlink(path);
    } catch (error) {
      if (!isAbsence(error)) throw writeError(error, path);
    }
  }

  #pathOf(uploadId: string): string {
    return this.#options.root.pathOf(unfinishedKeyOf(uploadId));
  }

  async #finishAt({ uploadId, offsetBytes }: UploadState, destination: string): Promise<void> {
    const { root, placing } = this.#options;
    const path = this.#pathOf(uploadId);
    const sizeBytes = await sizeOf(root, path);
    if (sizeBytes === undefined && offsetBytes === 0) return placing.write(destination, new Uint8Array());
    requireBytes(path, sizeBytes, offsetBytes);
    if (sizeBytes !== offsetBytes) await cutOnDisk(root, path, offsetBytes);
    await placing.move(path, destination);
  }

  async #openAt(path: string, offsetBytes: number): Promise<FileHandle> {
    try {
      const { root, placing } = this.#options;
      return offsetBytes === 0 ? await placing.open(path, "w") : await openCut(root, path, offsetBytes);
    } catch (error) {
      throw writeError(error, path);
    }
  }

  async #makeEntryDurable(path: string): Promise<void> {
    try {
      await this.#options.directories.sync(dirname(path));
    } catch (error) {
      throw writeError(error, dirname(path));
    }
  }
}

/** Opens a file with exactly the bytes that were acknowledged. */
async function openCut(root: RootDirectory, path: string, offsetBytes: number): Promise<FileHandle> {
  requireBytes(path, await sizeOf(root, path), offsetBytes);
  const handle = await open(path, "r+");
  try {
    await handle.truncate(offsetBytes);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Gives back the space that a failed append took: it may have failed because there is no more. */
async function freeUnacknowledged({ handle, path, offsetBytes }: OpenUpload): Promise<void> {
  const freed = offsetBytes === 0 ? unlink(path) : handle.truncate(offsetBytes);
  // The append's own failure is the one to tell, and the next one cuts again.
  await freed.catch(() => undefined);
}

async function cutOnDisk(root: RootDirectory, path: string, offsetBytes: number): Promise<void> {
  const handle = await openCut(root, path, offsetBytes);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(root: RootDirectory, path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (!isAbsence(error)) throw readError(error, path);
    await root.requireSame();
    return undefined;
  }
}

function requireBytes(path: string, sizeBytes: number | undefined, offsetBytes: number): void {
  if (sizeBytes === undefined) {
    throw new StorageError("upload-gone", `upload ${path} is gone: it was finished or cancelled meanwhile, or removed`);
  }
  if (sizeBytes >= offsetBytes) return;
  throw new StorageError("corrupt", `upload ${path} has ${sizeBytes} bytes although ${offsetBytes} were stored`);
}
