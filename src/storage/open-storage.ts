import type { Clock } from "../runtime/index.ts";
import type { StorageDriver } from "./driver.ts";
import { openFilesystemDriver } from "./filesystem/filesystem-driver.ts";
import { MemoryDriver } from "./memory/memory-driver.ts";
import type { StorageOptions } from "./options.ts";

/**
 * The driver that the options name, ready for use.
 * @throws StorageError when the place cannot be used.
 */
export async function openStorage(
  options: StorageOptions,
  { clock }: { readonly clock: Clock },
): Promise<StorageDriver> {
  if (options.kind === "filesystem") return openFilesystemDriver(options);
  return new MemoryDriver({ clock });
}
