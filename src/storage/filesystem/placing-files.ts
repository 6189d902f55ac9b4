import { type FileHandle, mkdir, open, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { errorCode } from "../../runtime/index.ts";
import type { DurableDirectories } from "./durable-directories.ts";
import { isAbsence } from "./filesystem-error.ts";
import type { RootDirectory } from "./root-directory.ts";
import { writeFully } from "./write-fully.ts";

const mostAttempts = 6;

export interface PlacingFilesOptions {
  readonly root: RootDirectory;
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
  readonly #temporary = new Set<string>();
  #temporaryFiles = 0;

  constructor(options: PlacingFilesOptions) {
    this.#options = options;
  }

  /** Lets `use` work with a new file that no other process has; `use` closes it, and moves or removes it. */
  async withTemporary<T>(use: (file: TemporaryFile) => Promise<T>): Promise<T> {
    const file = await this.#makeTemporary();
    try {
      return await use(file);
    } finally {
      this.#temporary.delete(file.path);
    }
  }

  async #makeTemporary(): Promise<TemporaryFile> {
    for (;;) {
      const path = join(this.#options.unfinishedDirectory, `write-${this.#temporaryFiles++}`);
      this.#temporary.add(path);
      try {
        return { path, handle: await this.open(path, "wx+") };
      } catch (error) {
        this.#temporary.delete(path);
        // A crash has left one of that name, or another process has it.
        if (errorCode(error) !== "EEXIST") throw error;
      }
    }
  }

  /** Whether somebody works with a temporary file: it belongs to a request, however old it looks. */
  isInUse(path: string): boolean {
    return this.#temporary.has(path);
  }

  /** Opens a file for writing and makes the directories that it lies in. */
  async open(path: string, flags: string | number): Promise<FileHandle> {
    try {
      return await open(path, flags);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      await this.#makeDirectory(dirname(path));
      return open(path, flags);
    }
  }

  /** Puts `bytes` at `path` at once and durably. */
  write(path: string, bytes: Uint8Array): Promise<void> {
    return this.withTemporary(async ({ path: temporaryPath, handle }) => {
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
    });
  }

  /** Moves a durable file to its place, durably. */
  async move(from: string, to: string): Promise<void> {
    const { root, directories } = this.#options;
    const directory = dirname(to);
    for (let attempt = 1; ; attempt++) {
      try {
        await rename(from, to);
        break;
      } catch (error) {
        // A directory that was made may be gone again: who removes the last file in it removes it too.
        if (errorCode(error) !== "ENOENT" || attempt === mostAttempts) throw error;
        await this.#makeDirectory(directory);
      }
    }
    await directories.sync(directory);
    await root.requireSame();
  }

  /** Moves a file out of its place, and removes the directory that held only it. @returns whether there was such a file */
  async moveAway(from: string, to: string): Promise<boolean> {
    try {
      await this.move(from, to);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
    if (dirname(from) === dirname(to)) return true;
    await this.#removeEmpty(dirname(from));
    return true;
  }

  /** Removes a file, and the directory that held only it. Does nothing when there is no such file. */
  async remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (errorCode(error) === "EISDIR") return;
      if (isAbsence(error)) return this.#options.root.requireSame();
      throw error;
    }
    await this.#removeEmpty(dirname(path));
  }

  /** Makes what is missing below the root, and never the root: what comes back to its place would hide it. */
  async #makeDirectory(directory: string): Promise<void> {
    await this.#options.root.requireSame();
    await mkdir(directory, { recursive: true });
  }

  /** Does nothing to the directories that are always there, and to those that hold something. */
  async #removeEmpty(directory: string): Promise<void> {
    const { root, directories, unfinishedDirectory } = this.#options;
    if (directory === root.path || directory === unfinishedDirectory) return;
    directories.forget(directory);
    await rmdir(directory).catch(() => undefined);
    directories.forget(directory);
  }
}
