import type { StorageKey } from "./driver.ts";
import { parseStorageKey } from "./storage-key.ts";
import { StorageError } from "./storage-error.ts";

/** Where Berth keeps files of its own below the root, among them its database. No objects, and never listed as such. */
export const ownPrefix = "berth/";

/**
 * Where drivers keep what is not an object yet. `iterate` lists it only when it is asked for this prefix: partial uploads,
 * and what a crash left of a write. What has not changed for long and belongs to no upload may be removed.
 */
export const unfinishedPrefix = "berth/uploads/";

/**
 * The key of an upload's partial object.
 * @throws StorageError `invalid-key` when the id is not one part of a path.
 */
export function unfinishedKeyOf(uploadId: string): StorageKey {
  if (uploadId.includes("/")) {
    throw new StorageError("invalid-key", `upload id ${JSON.stringify(uploadId)} contains a /`);
  }
  return parseStorageKey(`${unfinishedPrefix}${uploadId}`);
}

/** The id of the upload that a partial object is of, if it is of any: what a crash left of a write has a name as well. */
export function uploadIdOf(unfinishedKey: StorageKey): string {
  return unfinishedKey.slice(unfinishedPrefix.length);
}
