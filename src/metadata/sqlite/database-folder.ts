import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { MetadataError } from "../metadata-error.ts";

/**
 * Makes the folder that a database file lies in, if need be.
 * @throws MetadataError
 */
export async function makeFolderOf(databasePath: string): Promise<void> {
  const folder = dirname(databasePath);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new MetadataError("readonly", `cannot make the folder ${folder}: ${(cause as Error).message}`, { cause });
  }
}
