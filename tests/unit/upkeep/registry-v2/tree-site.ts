import { type MetadataDatabase, openSqlite } from "../../../../src/metadata/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, type StorageDriver } from "../../../../src/storage/index.ts";
import { RegistryV2Tree } from "./registry-v2-tree.ts";

export interface TreeSite {
  readonly tree: RegistryV2Tree;
  /** That of the tree. */
  readonly storage: StorageDriver;
  readonly metadata: MetadataDatabase;
  readonly close: () => Promise<void>;
}

/** An empty data directory of registry:2, and beside it a database that knows nothing yet. */
export async function openTreeSite(): Promise<TreeSite> {
  const tree = new RegistryV2Tree();
  const storage = await openStorage({ kind: "filesystem", rootDirectory: tree.root }, { clock: systemClock });
  const metadata = await openSqlite(":memory:");
  return {
    tree,
    storage,
    metadata,
    async close() {
      await metadata.close();
      await storage.close();
      tree.dispose();
    },
  };
}
