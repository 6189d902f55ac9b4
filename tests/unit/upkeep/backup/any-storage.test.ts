import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyDatabase, listRepositories, openSqlite, openSqliteForReading } from "../../../../src/metadata/index.ts";
import { blobKeyOf, createRegistry, type Registry } from "../../../../src/registry/index.ts";
import { Closers, systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, type StorageDriver } from "../../../../src/storage/index.ts";
import type { DatabaseCopy } from "../../../../src/upkeep/index.ts";
import { backUp, databaseKeyOf, restore } from "../../../../src/upkeep/transfers.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { pushImage } from "../gc/collected-registry.ts";

let closers: Closers;
let memory: MemoryRegistry;
let folder: string;
beforeEach(async () => {
  closers = new Closers();
  memory = await openMemoryRegistry();
  folder = makeTemporaryFolder("scratch");
  closers.add(() => memory.close());
});
afterEach(() => closers.closeAll());

async function open(kind: "inmemory" | "filesystem"): Promise<StorageDriver> {
  const options = kind === "inmemory" ? ({ kind } as const) : ({ kind, rootDirectory: folder } as const);
  const storage = await openStorage(options, { clock: systemClock });
  closers.add(() => storage.close());
  return storage;
}

/** A registry whose rows are in a file and whose bytes are not. */
async function openRegistry(): Promise<{ readonly registry: Registry; readonly path: string }> {
  const path = join(folder, "berth.db");
  const metadata = await openSqlite(path);
  closers.add(() => metadata.close());
  return { registry: createRegistry({ ...memory.registry, metadata }), path };
}

async function openCopy(key: string, file: StorageDriver): Promise<DatabaseCopy> {
  const opened = await openSqliteForReading(join(folder, key));
  return { reads: opened.reads, file, close: () => opened.close() };
}

test("a backup is taken of a storage that is no folder, into another, and restored to a third", async () => {
  const { registry, path } = await openRegistry();
  const image = await pushImage(registry, "one", { reference: "1.0" });
  const [backup, restored, scratch] = [await open("inmemory"), await open("inmemory"), await open("filesystem")];
  let ids = 0;
  const shared = { newId: () => `copy-${ids++}`, signal: new AbortController().signal };
  await backUp({
    ...shared,
    from: registry.storage,
    to: backup,
    clock: systemClock,
    version: "1",
    copyDatabase(key) {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      copyDatabase(path, join(folder, key));
      return openCopy(key, scratch);
    },
    openCopy: (name) => openCopy(databaseKeyOf(name), scratch),
  });
  const openDatabase = (key: string) => openCopy(key, scratch);
  const done = await restore({ ...shared, from: backup, to: restored, databaseTo: scratch, openDatabase, choice: {} });
  expect(done).toMatchObject({ blobs: 2, copiedBlobs: 2, missing: [] });
  for (const { digest, bytes } of [image.config, image.layer])
    expect(await (await restored.read(blobKeyOf(digest)))?.bytes()).toEqual(bytes);
  const database = await openDatabase(done.databaseKey);
  expect(await listRepositories(database.reads, { after: "", limit: 10 })).toEqual(["team/app"] as never);
  await database.close();
});
