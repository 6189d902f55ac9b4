import { randomUUID } from "node:crypto";
import type { Config } from "../../config/index.ts";
import { MetadataError, openSqlite } from "../../metadata/index.ts";
import { Closers, systemClock } from "../../runtime/index.ts";
import { openStorage, StorageError } from "../../storage/index.ts";
import { applyRetention, type RetentionRun, type RetentionTally } from "../../upkeep/index.ts";
import { requireChangeable } from "./require-changeable.ts";
import { requireDatabase } from "./require-database.ts";
import { registryOptions } from "../room-options.ts";
import { TaskError } from "./task-error.ts";

export type ApplyRetentionOptions = Pick<RetentionRun, "signal" | "dryRun" | "onExpired" | "onProgress">;

/**
 * Removes the tags that are to go from the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function applyRetentionOf(config: Config, options: ApplyRetentionOptions): Promise<RetentionTally> {
  const path = await requireDatabase(config);
  const closers = new Closers();
  try {
    const metadata = await openSqlite(path);
    closers.add(() => metadata.close());
    if (!options.dryRun) await requireChangeable(config, metadata);
    const storage = await openStorage(config.storage.driver, { clock: systemClock });
    closers.add(() => storage.close());
    const registry = { metadata, storage, clock: systemClock, newId: randomUUID, options: registryOptions(config) };
    return await applyRetention({ ...options, registry, run: randomUUID() });
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof MetadataError)) throw error;
    throw new TaskError("failed", `Retention stopped: ${error.message}. It may be run again.`, { cause: error });
  } finally {
    await closers.closeAll();
  }
}
