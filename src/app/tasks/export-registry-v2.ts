import type { Config } from "../../config/index.ts";
import { MetadataError, openSqliteForReading } from "../../metadata/index.ts";
import { Closers, systemClock } from "../../runtime/index.ts";
import { openStorage, StorageError } from "../../storage/index.ts";
import { loadTransfers, type RegistryV2Export, type RegistryV2Summary } from "../../upkeep/index.ts";
import { requireDatabase } from "./require-database.ts";
import { TaskError } from "./task-error.ts";

type ExportOptions = Pick<RegistryV2Export, "prune" | "signal" | "report">;

/**
 * Gives the data directory that the configuration names back to registry:2, whether Berth serves it or not.
 * @throws TaskError
 */
export async function exportToRegistryV2(config: Config, options: ExportOptions): Promise<RegistryV2Summary> {
  const path = await requireDatabase(config);
  const { exportRegistryV2 } = await loadTransfers();
  const { driver } = config.storage;
  if (driver.kind !== "filesystem")
    throw new TaskError("nothing-there", "Only a data directory can be given back: storage is not a filesystem.");
  const closers = new Closers();
  try {
    const storage = await openStorage(driver, { clock: systemClock });
    closers.add(() => storage.close());
    const metadata = await openSqliteForReading(path);
    closers.add(() => metadata.close());
    return await exportRegistryV2({ ...options, storage, reads: metadata.reads });
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof MetadataError)) throw error;
    const message = `The export stopped: ${error.message}. When that is repaired, run it again to go on.`;
    throw new TaskError("failed", message, { cause: error });
  } finally {
    await closers.closeAll();
  }
}
