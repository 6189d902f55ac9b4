import { randomUUID } from "node:crypto";
import { registryOptions } from "../room-options.ts";
import type { Config } from "../../config/index.ts";
import { createRegistry, type Registry } from "../../registry/index.ts";
import { type Closers, createHashPool, systemClock } from "../../runtime/index.ts";
import { openDatabaseFor, openStorageFor } from "./open-parts.ts";
import { tellRefusals } from "./tell-refusals.ts";

/**
 * The registry that the configuration names, for a command that works beside the one that serves it, or without one.
 * @throws StorageError, MetadataError
 */
export async function openRegistryBeside(config: Config, closers: Closers): Promise<Registry> {
  const storage = await openStorageFor(closers, config.storage.driver);
  const metadata = await openDatabaseFor(closers, config.database.path);
  const hashPool = createHashPool({ workers: 2 });
  closers.add(() => hashPool.close());
  const parts = { storage, metadata, hashPool, clock: systemClock, newId: randomUUID, worksOn: () => true };
  const registry = createRegistry({ ...parts, options: registryOptions(config) });
  closers.add(() => tellRefusals(registry));
  return registry;
}
