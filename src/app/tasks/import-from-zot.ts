import { randomUUID } from "node:crypto";
import type { Config } from "../../config/index.ts";
import { loadTransfers, type ZotImport, type ZotSummary } from "../../upkeep/index.ts";
import { openRegistryBeside } from "./open-registry-beside.ts";
import { requireDatabase } from "./require-database.ts";
import { asTransferError } from "./transfer-error.ts";
import { runTask } from "./run-task.ts";

export interface FromZotOptions extends Pick<ZotImport, "folder" | "signal" | "report"> {
  /** Who does it, for the audit trail. */
  readonly actor: string;
}

/**
 * Brings all repositories of a zot into the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function importFromZot(config: Config, { actor, ...options }: FromZotOptions): Promise<ZotSummary> {
  await requireDatabase(config);
  const { importZot } = await loadTransfers();
  return runTask(
    async (closers) => {
      const registry = await openRegistryBeside(config, closers);
      return importZot({ ...options, registry, by: { actor, address: undefined, requestId: randomUUID() } });
    },
    (error) => asTransferError(error, options.folder),
  );
}
