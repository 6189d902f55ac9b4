import { randomUUID } from "node:crypto";
import type { Config } from "../../config/index.ts";
import { openSqliteForReading } from "../../metadata/index.ts";
import { loadTransfers, type RegistryV2Export, type RegistryV2Summary } from "../../upkeep/index.ts";
import { openExportFolder } from "./open-export-folder.ts";
import { requireDatabase } from "./require-database.ts";
import { TaskError } from "./task-error.ts";
import { asTransferError } from "./transfer-error.ts";
import { openStorageFor } from "./open-parts.ts";
import { runTask } from "./run-task.ts";

export interface RegistryV2ExportOptions extends Pick<
  RegistryV2Export,
  "prune" | "repositories" | "signal" | "report" | "onProgress"
> {
  /** The folder to which all is copied; absent: it is written into the data directory itself. */
  readonly out?: string | undefined;
}

/**
 * Writes what registry:2 needs to serve what the registry that the configuration names holds, whether that serves or not.
 * @throws TaskError
 */
export async function exportToRegistryV2(config: Config, options: RegistryV2ExportOptions): Promise<RegistryV2Summary> {
  const path = await requireDatabase(config);
  const { exportRegistryV2 } = await loadTransfers();
  const { driver } = config.storage;
  if (driver.kind !== "filesystem")
    throw new TaskError("nothing-there", "Only a data directory can be exported: storage is not a filesystem.");
  const { out, signal } = options;
  return runTask(
    async (closers) => {
      const own = await openStorageFor(closers, driver);
      const metadata = await openSqliteForReading(path);
      closers.add(() => metadata.close());
      const task = { ...options, reads: metadata.reads };
      if (out === undefined) return exportRegistryV2({ ...task, storage: own });
      const storage = await openExportFolder(out, driver.rootDirectory, closers);
      return exportRegistryV2({ ...task, storage, source: { from: own, newId: randomUUID, signal } });
    },
    (error) => asTransferError(error, out ?? driver.rootDirectory),
  );
}
