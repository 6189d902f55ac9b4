import { ArchiveError } from "./archive-error.ts";

/** Files to read: a folder or an archive. */
export interface FileSource {
  /**
   * A file that is read when its bytes are asked for; `undefined` if there is none.
   * @param path relative, `/`-separated
   * @throws ArchiveError if it leads out of the folder or archive, or is no file
   */
  find(path: string): Promise<Blob | undefined>;
  /** The names of what is in a folder, in no promised order; empty if there is none. */
  list(folder: string): Promise<readonly string[]>;
}

const MOST_PATH_BYTES = 1024;

/**
 * A path below the root without `.` and empty parts; `""` is the root itself.
 * @throws ArchiveError if it leads out of it, or is absurd
 */
export function relativePath(path: string): string {
  if (Buffer.byteLength(path) > MOST_PATH_BYTES)
    throw new ArchiveError(`it has a name of more than ${MOST_PATH_BYTES} bytes: ${path.slice(0, 60)}…`);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.pop() === undefined) throw leadsOut(path);
    if (part !== "..") parts.push(part);
  }
  if (path.startsWith("/") || path.includes("\0")) throw leadsOut(path);
  return parts.join("/");
}

export function leadsOut(path: string): ArchiveError {
  return new ArchiveError(`the path ${JSON.stringify(path)} leads out of it`);
}

/**
 * The whole of a file that should be small; `undefined` if there is none.
 * @throws ArchiveError if it is larger
 */
export async function readSmall(source: FileSource, path: string, mostBytes: number): Promise<Uint8Array | undefined> {
  const file = await source.find(path);
  if (file && file.size > mostBytes)
    throw new ArchiveError(`${path} has ${file.size} bytes, and may have at most ${mostBytes}`);
  return file?.bytes();
}
