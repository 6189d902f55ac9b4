import { readdir } from "node:fs/promises";

import { openStorage } from "../../src/storage/index.ts";
// Two memory drivers on one memory: only a test needs that, so the door does not offer it.
import { MemoryDriver, type MemoryObjects } from "../../src/storage/memory/memory-driver.ts";
import { systemClock } from "../../src/runtime/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../support/temporary-folder.ts";
import { describeStorageDriver } from "./storage-driver.contract.ts";

describeStorageDriver("filesystem", async () => {
  const rootDirectory = makeTemporaryFolder("storage");
  const open = () => openStorage({ kind: "filesystem", rootDirectory }, { clock: systemClock });
  return {
    driver: await open(),
    reopen: open,
    leftovers: () => listFiles(rootDirectory),
    dispose: async () => removeTemporaryFolder(rootDirectory),
  };
});

describeStorageDriver("inmemory", async () => {
  const objects: MemoryObjects = new Map();
  const open = async () => new MemoryDriver({ clock: systemClock, objects });
  return {
    driver: await open(),
    reopen: open,
    leftovers: async () => [...objects.keys()],
    dispose: async () => objects.clear(),
  };
});

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => `${entry.parentPath}/${entry.name}`);
}
