import { mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "./error-code.ts";

/** How the names in a folder are brought to the disk. */
export type SyncFolder = (folder: string) => Promise<void>;

/**
 * Makes a folder where there is none; its name is durable then, and so are those of the new ones above it.
 * @param mode of the folder itself
 */
export async function makeFolder(
  path: string,
  { mode, sync = syncFolder }: { readonly mode?: number; readonly sync?: SyncFolder } = {},
): Promise<void> {
  let made = resolve(path);
  const firstAbove = await mkdir(dirname(made), { recursive: true });
  const last = await mkdir(made, { recursive: true, mode });
  const firstMade = firstAbove ?? last;
  if (firstMade === undefined) return;
  for (; made.length >= firstMade.length; made = dirname(made)) await sync(dirname(made));
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such call, as their servers do this by themselves.
    if (errorCode(error) !== "EINVAL" && errorCode(error) !== "ENOTSUP") throw error;
  } finally {
    await folder.close();
  }
}
