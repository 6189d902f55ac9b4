import { openSqlite } from "../../src/metadata/index.ts";
import { createRegistry, type Registry, type RegistryOptions } from "../../src/registry/index.ts";
import { createHashPool } from "../../src/runtime/index.ts";
import { openStorage } from "../../src/storage/index.ts";

export interface MemoryRegistry {
  readonly registry: Registry;
  /** The time that the registry sees. */
  readonly clock: { atMs: number };
  close(): Promise<void>;
}

/** A registry that keeps everything in memory, for tests of its rules. */
export async function openMemoryRegistry(options: Partial<RegistryOptions> = {}): Promise<MemoryRegistry> {
  const time = { atMs: 1_000_000 };
  const clock = { nowMs: () => time.atMs };
  const metadata = await openSqlite(":memory:");
  const storage = await openStorage({ kind: "inmemory" }, { clock });
  const hashPool = createHashPool({ workers: 1 });
  let ids = 0;
  const registry = createRegistry({
    metadata,
    storage,
    hashPool,
    clock,
    newId: () => `id-${ids++}`,
    worksOn: () => true,
    options: {
      readOnly: false,
      deleteEnabled: true,
      isAudited: false,
      binKeepMs: 0,
      garbageWindowMs: 86_400_000,
      inUseKeepMs: 7 * 86_400_000,
      maxBlobBytes: 0,
      validation: { enabled: true, allowedUrls: [], deniedUrls: [], requiredPlatforms: "all" },
      ...options,
    },
  });
  return {
    registry,
    clock: time,
    async close() {
      hashPool.close();
      await metadata.close();
      await storage.close();
    },
  };
}
