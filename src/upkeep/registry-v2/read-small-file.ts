import type { StorageDriver, StorageKey } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";

/**
 * The whole of a file that is known to be small; `undefined` if there is none.
 * @throws DamageError if it cannot be read: one bad sector must not end an import
 */
export async function readSmallFile(storage: StorageDriver, key: StorageKey): Promise<Uint8Array | undefined> {
  try {
    const bytes = await storage.read(key);
    return await bytes?.bytes();
  } catch (error) {
    throw new DamageError(`it cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
