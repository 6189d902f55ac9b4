/**
 * Bytes under keys, on whatever keeps them: a port and its drivers.
 * Knows neither digests nor repositories, and holds no rule of the registry.
 */
export type { ByteRange, StorageDriver, StorageKey, StoredObject, UploadArea, UploadState } from "./driver.ts";
export { openStorage } from "./open-storage.ts";
export { StorageError, type StorageErrorReason } from "./storage-error.ts";
export { parseStorageKey } from "./storage-key.ts";
export { unfinishedPrefix, uploadIdOf } from "./unfinished.ts";
