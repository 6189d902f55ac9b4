import type { Clock } from "../runtime/index.ts";
import type { StorageDriver } from "./driver.ts";
import { openFilesystemDriver } from "./filesystem/filesystem-driver.ts";
import { MemoryDriver } from "./memory/memory-driver.ts";
import type { StorageOptions } from "./options.ts";

/**
 * The driver that the options name, ready for use.
 * @param parts writtenPrefix: where objects will be written, so that `check` looks there too
 * @throws StorageError when the place cannot be used.
 */
export async function openStorage(
  options: StorageOptions,
  { clock, writtenPrefix }: { readonly clock: Clock; readonly writtenPrefix?: string | undefined },
): Promise<StorageDriver> {
  if (options.kind === "filesystem") return openFilesystemDriver({ ...options, writtenPrefix });
  return new MemoryDriver({ clock });
}
