import type { Config } from "../config/index.ts";
import { createHealth, createHealthChecks, findOpenFilesFault, type Health } from "../http/index.ts";
import { type Log, type Soon, systemClock } from "../runtime/index.ts";
import { type StorageDriver, StorageError } from "../storage/index.ts";
import type { DatabaseFailures } from "./database-failures.ts";
import type { Stores } from "./open-stores.ts";

interface HealthParts extends Stores {
  readonly failures: DatabaseFailures;
  readonly log: Log;
  /** What is to be told beside faults. */
  readonly findNotice: () => Soon<string | undefined>;
}

/** Begins to look whether all is well. */
export function openHealth(config: Config, { storage, metadata, failures, log, findNotice }: HealthParts): Health {
  const health = createHealth({
    checks: createHealthChecks(config.health, storage),
    probes: [
      { name: "storage", run: () => findStorageFault(storage) },
      {
        name: "database",
        run: async () => {
          await metadata.check();
          return failures.requireSound();
        },
      },
      { name: "open files", run: findOpenFilesFault },
    ],
    clock: systemClock,
    log,
    findNotice,
  });
  health.start();
  return health;
}

/** What cannot be written any more can be pulled still. */
async function findStorageFault(storage: StorageDriver): Promise<string | undefined> {
  try {
    await storage.check();
    return undefined;
  } catch (error) {
    if (error instanceof StorageError && (error.reason === "full" || error.reason === "readonly")) return error.message;
    throw error;
  }
}
