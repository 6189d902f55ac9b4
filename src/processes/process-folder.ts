import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../runtime/index.ts";
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

/** Systems that clean up temporary files take what is ten days old. */
const TOUCH_EVERY_MS = 6 * 3_600_000;

/** Makes the folder of one start; names of sockets must be short, so it lies where temporary files do, and is kept young. */
export function makeProcessFolder(temporaryFolder: string, count: number, clock: Clock): ProcessFolder {
  const path = mkdtempSync(join(temporaryFolder, "berth-"));
  writeFileSync(counterPathOf(path), makeCounterFile(count));
  const timer = setInterval(() => touchAll(path, clock.nowMs() / 1000), TOUCH_EVERY_MS);
  timer.unref();
  const remove = () => {
    clearInterval(timer);
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove };
}

function touchAll(folder: string, nowSeconds: number): void {
  for (const name of [".", ...readdirSync(folder)]) utimesSync(join(folder, name), nowSeconds, nowSeconds);
}

/** Where the process at `index` listens for the others. */
export function socketOf({ folder }: Pick<ProcessPlace, "folder">, index: number): string {
  return join(folder, `${index}.sock`);
}
