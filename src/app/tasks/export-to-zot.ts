import type { Config } from "../../config/index.ts";
import { loadTransfers, type ZotExport, type ZotExportSummary } from "../../upkeep/index.ts";
import { openRegistryBeside } from "./open-registry-beside.ts";
import { requireDatabase } from "./require-database.ts";
import { runTask } from "./run-task.ts";
import { asTransferError } from "./transfer-error.ts";

/**
 * Writes repositories of the registry that the configuration names as a zot keeps them, whether it serves or not.
 * @throws TaskError
 */
export async function exportToZot(config: Config, options: Omit<ZotExport, "registry">): Promise<ZotExportSummary> {
  await requireDatabase(config);
  const { exportZot } = await loadTransfers();
  return runTask(
    async (closers) => exportZot({ ...options, registry: await openRegistryBeside(config, closers) }),
    (error) => asTransferError(error, options.folder),
  );
}
