import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { StoredObject } from "../driver.ts";
import { isStorageKey, parseStoragePrefix } from "../storage-key.ts";
import { ownPrefix, unfinishedPrefix } from "../unfinished.ts";
import { isAbsence, readError } from "./filesystem-error.ts";
import type { RootDirectory } from "./root-directory.ts";

/**
 * Every file below `root` whose key starts with `prefix`; holds the names of one directory at a time and of the
 * directories still to visit. Links to files are followed, links to directories below the prefix are not.
 */
export async function* walkFiles(root: RootDirectory, prefix: string): AsyncGenerator<StoredObject, void, undefined> {
  const waiting = [parseStoragePrefix(prefix)];
  for (;;) {
    const directory = waiting.pop();
    if (directory === undefined) return;
    if (directory.startsWith(ownPrefix) && !directory.startsWith(unfinishedPrefix)) continue;
    for (const entry of await listDirectory(root, directory)) {
      const key = directory + entry.name;
      if (!isStorageKey(key)) continue;
      const found = entry.isDirectory() ? "directory" : await look(root.path, key);
      if (found && found !== "directory") yield { key, ...found };
      // A link to a directory may lead round in a circle.
      else if (found && !entry.isSymbolicLink()) waiting.push(`${key}/`);
    }
  }
}

async function listDirectory(root: RootDirectory, directory: string) {
  const path = join(root.path, directory);
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (!isAbsence(error)) throw readError(error, path);
    await root.requireSame();
    return [];
  }
}

/** `undefined` also for what is neither a file nor a directory, and for what was removed meanwhile. */
async function look(root: string, key: string): Promise<Omit<StoredObject, "key"> | "directory" | undefined> {
  const path = join(root, key);
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "directory";
    return found.isFile() ? { sizeBytes: found.size, modifiedAtMs: found.mtimeMs } : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw readError(error, path);
  }
}
