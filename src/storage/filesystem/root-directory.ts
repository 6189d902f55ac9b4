import { join } from "node:path";

import { CoalescedSync, fileIdentity } from "../../runtime/index.ts";
import type { StorageKey } from "../driver.ts";
import { StorageError } from "../storage-error.ts";
import { parseStorageKey } from "../storage-key.ts";
import { isAbsence, readError } from "./filesystem-error.ts";

/** The directory that holds everything. It may go away meanwhile: a volume is unmounted, a folder is moved. */
export interface RootDirectory {
  readonly path: string;
  /** @throws StorageError `invalid-key` */
  pathOf(key: StorageKey): string;
  /** @throws StorageError `unavailable` unless the directory at `path` is the one that was opened. */
  requireSame(): Promise<void>;
}

/** Remembers which directory lies at `path` now. */
export async function openRootDirectory(path: string): Promise<RootDirectory> {
  const opened = await fileIdentity(path);
  // Who asks at the same time shares one look.
  const look = new CoalescedSync(async () => {
    const found = await findIdentity(path);
    if (found === opened) return;
    const fault = found === undefined ? "is away" : "is another one than at the start";
    throw new StorageError("unavailable", `the data directory ${path} ${fault}: bring it back, or restart Berth`);
  });
  return { path, pathOf: (key) => join(path, parseStorageKey(key)), requireSame: () => look.sync() };
}

async function findIdentity(path: string): Promise<string | undefined> {
  try {
    return await fileIdentity(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw readError(error, path);
  }
}
