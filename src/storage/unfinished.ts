import type { StorageKey, UploadState } from "./driver.ts";
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

/** The state of an upload in the drivers that find the partial object by its id. */
export interface UploadById extends UploadState {
  readonly uploadId: string;
}

/** @throws StorageError `corrupt` when the state is not one that `startUpload` of such a driver made. */
export function requireUploadById(state: UploadState): UploadById {
  const { offsetBytes, uploadId } = state as Partial<UploadById>;
  const isOffset = Number.isSafeInteger(offsetBytes) && Number(offsetBytes) >= 0;
  if (typeof uploadId === "string" && isOffset) return state as UploadById;
  throw new StorageError("corrupt", "the state of an upload is not one of this storage driver");
}
