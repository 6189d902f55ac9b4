import { type FileHandle, mkdir, open, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { DurableDirectories } from "./durable-directories.ts";
import { codeOf, isAbsence } from "./filesystem-error.ts";
import { writeFully } from "./write-fully.ts";

const mostAttempts = 5;

export interface PlacingFilesOptions {
  readonly root: string;
  readonly directories: DurableDirectories;
  /** Where files are made before they are moved. */
  readonly unfinishedDirectory: string;
}

export interface TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Gets files to their places: they are made in one directory and moved, so that nobody sees half of one. */
export class PlacingFiles {
  readonly #options: PlacingFilesOptions;
  #temporaryFiles = 0;

  constructor(options: PlacingFilesOptions) {
    this.#options = options;
  }

  /** A new file that no other process has. The caller closes it, and moves or removes it. */
  async makeTemporary(): Promise<TemporaryFile> {
    for (;;) {
      const path = join(this.#options.unfinishedDirectory, `write-${this.#temporaryFiles++}`);
      try {
        return { path, handle: await this.open(path, "wx+") };
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
  }

  /** Opens a file for writing and makes the directories that it lies in. */
  async open(path: string, flags: string | number): Promise<FileHandle> {
    try {
      return await open(path, flags);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true });
      return open(path, flags);
    }
  }

  /** Puts `bytes` at `path` at once and durably. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const { path: temporaryPath, handle } = await this.makeTemporary();
    try {
      try {
        await writeFully(handle, bytes, 0);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await this.move(temporaryPath, path);
    } catch (error) {
      await unlink(temporaryPath).catch(() => undefined);
      throw error;
    }
  }

  /** Moves a durable file to its place, durably. */
  async move(from: string, to: string): Promise<void> {
    const directory = dirname(to);
    for (let attempt = 1; ; attempt++) {
      await mkdir(directory, { recursive: true });
      try {
        await rename(from, to);
        break;
      } catch (error) {
        // The directory may have been removed in between, when the last other file in it was.
        if (codeOf(error) !== "ENOENT" || attempt === mostAttempts) throw error;
      }
    }
    await this.#options.directories.sync(directory);
  }

  /** Removes a file, and the directory that held only it. Does nothing when there is no such file. */
  async remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (isAbsence(error) || codeOf(error) === "EISDIR") return;
      throw error;
    }
    await this.#removeEmpty(dirname(path));
  }

  /** Does nothing to the directories that are always there, and to those that hold something. */
  async #removeEmpty(directory: string): Promise<void> {
    const { root, directories, unfinishedDirectory } = this.#options;
    if (directory === root || directory === unfinishedDirectory) return;
    directories.forget(directory);
    await rmdir(directory).catch(() => undefined);
    directories.forget(directory);
  }
}
