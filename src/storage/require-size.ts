import type { StoredObject } from "./driver.ts";
import { StorageError } from "./storage-error.ts";

/** @throws StorageError `corrupt` when the object has not the size that it should have; without one, any is right. */
export function requireSize(object: Pick<StoredObject, "key" | "sizeBytes">, sizeBytes: number | undefined): void {
  if (sizeBytes === undefined || object.sizeBytes === sizeBytes) return;
  throw new StorageError("corrupt", `the object ${object.key} has ${object.sizeBytes} bytes, not ${sizeBytes}`);
}
