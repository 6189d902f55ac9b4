import { randomUUID } from "node:crypto";
import type { Config } from "../../config/index.ts";
import { systemClock } from "../../runtime/index.ts";
import { applyRetention, type RetentionRun, type RetentionTally } from "../../upkeep/index.ts";
import { requireChangeable } from "./require-changeable.ts";
import { requireDatabase } from "./require-database.ts";
import { registryOptions } from "../room-options.ts";
import { openDatabaseFor, openStorageFor } from "./open-parts.ts";
import { runTask, stoppedBy } from "./run-task.ts";

export type ApplyRetentionOptions = Pick<RetentionRun, "signal" | "dryRun" | "onExpired" | "onProgress">;

/**
 * Removes the tags that are to go from the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function applyRetentionOf(config: Config, options: ApplyRetentionOptions): Promise<RetentionTally> {
  const path = await requireDatabase(config);
  return runTask(
    async (closers) => {
      const metadata = await openDatabaseFor(closers, path);
      if (!options.dryRun) await requireChangeable(config, metadata);
      const storage = await openStorageFor(closers, config.storage.driver);
      const registry = { metadata, storage, clock: systemClock, newId: randomUUID, options: registryOptions(config) };
      return applyRetention({ ...options, registry, run: randomUUID() });
    },
    stoppedBy((reason) => `Retention stopped: ${reason}. It may be run again.`),
  );
}
