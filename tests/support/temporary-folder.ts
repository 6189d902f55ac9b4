import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();

/** Makes an empty folder that is removed when all tests have run, or earlier by {@link removeTemporaryFolder}. */
export function makeTemporaryFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `berth-${purpose}-`));
  folders.add(folder);
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  folders.delete(folder);
  removeFolder(folder);
}

export function removeTemporaryFolders(): void {
  for (const folder of folders) removeTemporaryFolder(folder);
}

/** A container store leaves mounts in its folder; they go first. What a dying daemon still writes to is tried again. */
function removeFolder(folder: string): void {
  try {
    for (const mount of mountsBelow(folder)) Bun.spawnSync(["umount", "--lazy", mount]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch (error) {
    console.warn(`left behind: ${folder} (${String(error)})`);
  }
}

/** Deepest first. */
function mountsBelow(folder: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .sort()
    .reverse();
}
