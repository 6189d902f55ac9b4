import type { Config } from "../../config/index.ts";
import { type MetadataDatabase, openSqlite } from "../../metadata/index.ts";
import { type Closers, systemClock } from "../../runtime/index.ts";
import { openStorage, type StorageDriver } from "../../storage/index.ts";

/** Closed with the task. @throws StorageError */
export async function openStorageFor(closers: Closers, driver: Config["storage"]["driver"]): Promise<StorageDriver> {
  const storage = await openStorage(driver, { clock: systemClock });
  closers.add(() => storage.close());
  return storage;
}

/** Closed with the task. @throws MetadataError */
export async function openDatabaseFor(closers: Closers, path: string): Promise<MetadataDatabase> {
  const metadata = await openSqlite(path);
  closers.add(() => metadata.close());
  return metadata;
}
