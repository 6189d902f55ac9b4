import { afterEach, beforeEach, expect, test } from "bun:test";
import { type CopyProgress, copyBlobs } from "../../../../src/upkeep/backup/copy-blobs.ts";
import { blobKeyOf } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { pushBlob } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
let other: MemoryRegistry;
beforeEach(async () => {
  [memory, other] = [await openMemoryRegistry(), await openMemoryRegistry()];
});
afterEach(() => Promise.all([memory.close(), other.close()]));

test("how far it is is told after each blob, from the first to the last, whatever was there before", async () => {
  const { registry } = memory;
  for (const text of ["one", "two", "three"]) await pushBlob(registry, text);
  await pushBlob(other.registry, "one");
  const heard: CopyProgress[] = [];
  let ids = 0;
  const copied = await copyBlobs(registry.metadata.reads, {
    from: registry.storage,
    to: other.registry.storage,
    newId: () => `copy-${ids++}`,
    signal: new AbortController().signal,
    verifiesAll: false,
    onProgress: (progress) => void heard.push(progress),
  });
  expect(copied).toMatchObject({ blobs: 3, copiedBlobs: 2, bytes: 11 });
  expect(heard).toHaveLength(3);
  expect(heard.at(-1)).toEqual({ doneBytes: 11, totalBytes: 11 });
});

test.each([
  [true, "one"],
  [false, "eno"],
])("what is there and damaged is replaced where everything is verified: %p", async (verifiesAll, bytes) => {
  const { registry } = memory;
  const { digest } = await pushBlob(registry, "one");
  await pushBlob(other.registry, "one");
  const key = blobKeyOf(digest);
  await other.registry.storage.write(key, Buffer.from("eno"));
  const to = other.registry.storage;
  const { signal } = new AbortController();
  const parts = { from: registry.storage, to, newId: () => "copy", signal, verifiesAll };
  expect(await copyBlobs(registry.metadata.reads, parts)).toMatchObject({
    copiedBlobs: verifiesAll ? 1 : 0,
    missing: [],
  });
  expect(await (await to.read(key))?.text()).toBe(bytes);
});
