import { stat } from "node:fs/promises";

/**
 * What no other file or folder has while the one at `path` is there; a file may get the numbers of a folder that has gone. Inode
 * numbers may be larger than what a number holds exactly.
 */
export async function fileIdentity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  return `${found.dev}:${found.ino}${found.isDirectory() ? "" : " file"}`;
}
