import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { type Closers, errorCode, systemClock } from "../../runtime/index.ts";
import { openStorage, parseStorageKey, type StorageDriver, unfinishedPrefix } from "../../storage/index.ts";
import { LOCK, lockDirectory } from "./lock-directory.ts";
import { TaskError } from "./task-error.ts";

/** Says of which data directory the files in a folder are an export. */
const MARKER = parseStorageKey("berth/exported.json");

/** What the file system itself has in an empty volume, and the lock of one that went no further. */
const NO_CONTENT: ReadonlySet<string> = new Set(["lost+found", LOCK, `${LOCK}-journal`]);

/**
 * Opens the folder to which a data directory is exported: one with nothing in it, or with an earlier export of the same. What that has
 * left half copied goes.
 * @throws TaskError if it is another one, or an export works on it; StorageError
 */
export async function openExportFolder(
  folder: string,
  dataDirectory: string,
  closers: Closers,
): Promise<StorageDriver> {
  const [to, from] = await Promise.all([realPathOf(folder), realPathOf(dataDirectory)]);
  if (isIn(to, from) || isIn(from, to))
    throw new TaskError(
      "failed",
      `${folder} is in the data directory, or around it: name another one, or use --in-place.`,
    );
  const isEmpty = (await namesIn(folder)).every((name) => NO_CONTENT.has(name));
  const storage = await openStorage({ kind: "filesystem", rootDirectory: folder }, { clock: systemClock });
  closers.add(() => storage.close());
  if (!isEmpty) await requireExportOf(storage, { folder, from });
  closers.add(lockDirectory(folder, "export"));
  if (isEmpty) await makeExportOf(storage, { folder, from });
  for await (const { key } of storage.iterate(unfinishedPrefix)) await storage.remove(key);
  return storage;
}

interface ExportPlace {
  readonly folder: string;
  readonly from: string;
}

/** Of a folder that was empty before it was locked: another one may have come first. */
async function makeExportOf(storage: StorageDriver, place: ExportPlace): Promise<void> {
  if (!(await storage.stat(MARKER))) await storage.write(MARKER, new TextEncoder().encode(markerOf(place)));
  await requireExportOf(storage, place);
}

function markerOf({ from }: ExportPlace): string {
  return `${JSON.stringify({ of: from })}\n`;
}

async function requireExportOf(storage: StorageDriver, place: ExportPlace): Promise<void> {
  const { folder, from } = place;
  const text = await (await storage.read(MARKER))?.text();
  if (text === markerOf(place)) return;
  const what = text === undefined ? "is not empty, and no export" : "holds an export of another registry";
  throw new TaskError(
    "failed",
    `${folder} ${what}: name an empty folder, or one to which ${from} was exported before.`,
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Without symbolic links, as far as it is there. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    if (errorCode(error) !== "ENOENT" || above === path) throw error;
    return join(await realPathOf(above), basename(path));
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
