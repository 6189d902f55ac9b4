import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { counterPathOf, makeCounterFile } from "./change-counter.ts";

/** Where one of several serving processes stands. */
export interface ProcessPlace {
  /** From 0 to below `count`. The first does what one must do for all. */
  readonly index: number;
  readonly count: number;
  /** What the processes share: their sockets and the counter of changes. Nobody else may look into it. */
  readonly folder: string;
  /** How often a process of this place was started again. */
  readonly restarts: number;
}

export interface ProcessFolder {
  readonly path: string;
  remove(): void;
}

/**
 * Makes the folder that processes share, beside the database, and clears what a start before left in it. The caller has the lock
 * of those who serve the database.
 * @throws Error of the file system
 */
export function makeProcessFolder(databasePath: string, count: number): ProcessFolder {
  const path = join(dirname(databasePath), "processes");
  const remove = () => rmSync(path, { recursive: true, force: true });
  remove();
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(counterPathOf(path), makeCounterFile(count));
  return { path, remove };
}

/** Where the process at `index` listens for the others. */
export function socketOf({ folder }: Pick<ProcessPlace, "folder">, index: number): string {
  return join(folder, `${index}.sock`);
}

/** Where the one that watches answers what all of them counted. */
export function watcherSocketOf({ folder }: Pick<ProcessPlace, "folder">): string {
  return join(folder, "watcher.sock");
}
