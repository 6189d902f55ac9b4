import { constants, type Dirent } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rmdir, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { errorCode } from "../../runtime/index.ts";
import type { DurableDirectories } from "./durable-directories.ts";
import { isAbsence } from "./filesystem-error.ts";
import type { RootDirectory } from "./root-directory.ts";

const mostAttempts = 6;

/**
 * For a new file whose bytes are durable when they are written: one turn of a thread for files instead of four. Bun's
 * `writeFile` can sync by itself, too, but hides its failure.
 */
const { O_WRONLY, O_CREAT, O_EXCL, O_SYNC } = constants;
const newDurableFile = O_WRONLY | O_CREAT | O_EXCL | O_SYNC;

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

type Make<Made> = (path: string) => Promise<Made>;

/** Gets files to their places: they are made in one directory and moved, so that nobody sees half of one. */
export class PlacingFiles {
  readonly #options: PlacingFilesOptions;
  readonly #temporary = new Set<string>();
  #temporaryFiles = 0;

  constructor(options: PlacingFilesOptions) {
    this.#options = options;
  }

  /** Lets `use` work with a new file that no other process has; `use` closes it, and moves or removes it. */
  withTemporary<T>(use: (file: TemporaryFile) => Promise<T>): Promise<T> {
    const make = (path: string) => open(path, "wx+");
    return this.#withNew(make, (path, handle) => use({ path, handle }));
  }

  /** Whether somebody works with a temporary file: it belongs to a request, however old it looks. */
  isInUse(path: string): boolean {
    return this.#temporary.has(path);
  }

  /** Opens a file for writing and makes the directories that it lies in. */
  open(path: string, flags: string): Promise<FileHandle> {
    return this.#withDirectory(path, () => open(path, flags));
  }

  /** Puts `bytes` at `path` at once and durably. */
  write(path: string, bytes: Uint8Array): Promise<void> {
    const make = (temporaryPath: string) => writeNew(temporaryPath, bytes);
    return this.#withNew(make, async (temporaryPath) => {
      try {
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
      await this.#makeLast(directory);
      try {
        await rename(from, to);
        break;
      } catch (error) {
        // A directory that was made may be gone again: who removes the last file in it removes it too.
        if (errorCode(error) !== "ENOENT" || attempt === mostAttempts) throw error;
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

  /** Removes a directory and those below it, but for what holds a file. Links are files. */
  async removeEmptyBelow(directory: string): Promise<void> {
    let holdsFiles = false;
    for (const entry of await entriesOf(directory))
      if (entry.isDirectory()) await this.removeEmptyBelow(join(directory, entry.name));
      else holdsFiles = true;
    const { root, directories } = this.#options;
    if (holdsFiles || directory === root.path || directories.isForAll(directory)) return;
    await rmdir(directory).catch(() => undefined);
  }

  /** @param make fails with `EEXIST` where a crash has left a file, or another process has one */
  async #withNew<Made, T>(make: Make<Made>, use: (path: string, made: Made) => Promise<T>): Promise<T> {
    for (;;) {
      const path = join(this.#options.unfinishedDirectory, `write-${this.#temporaryFiles++}`);
      this.#temporary.add(path);
      try {
        const attempt = await this.#tryToMake(path, make);
        if (attempt) return await use(path, attempt.made);
      } finally {
        this.#temporary.delete(path);
      }
    }
  }

  async #tryToMake<Made>(path: string, make: Make<Made>): Promise<{ readonly made: Made } | undefined> {
    try {
      return { made: await this.#withDirectory(path, () => make(path)) };
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      return undefined;
    }
  }

  async #withDirectory<T>(path: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      await this.#makeDirectory(dirname(path));
      return make();
    }
  }

  /** A blob's own directory, which is usually missing while those above it are there. */
  async #makeLast(directory: string): Promise<void> {
    if (directory === this.#options.root.path) return;
    try {
      await mkdir(directory);
      this.#options.directories.forget(directory);
    } catch (error) {
      if (errorCode(error) === "EEXIST") return;
      if (errorCode(error) !== "ENOENT") throw error;
      await this.#makeDirectory(directory);
    }
  }

  /** Makes what is missing below the root, and never the root: what comes back to its place would hide it. */
  async #makeDirectory(directory: string): Promise<void> {
    await this.#options.root.requireSame();
    this.#options.directories.forgetWay(directory);
    await mkdir(directory, { recursive: true });
  }

  /** Does nothing to the directories that are always there, and to those that hold something. */
  async #removeEmpty(directory: string): Promise<void> {
    const { root, directories } = this.#options;
    if (directory === root.path || directories.isShared(directory)) return;
    await rmdir(directory).catch(() => undefined);
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: newDurableFile });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") await unlink(path).catch(() => undefined);
    throw error;
  }
}
