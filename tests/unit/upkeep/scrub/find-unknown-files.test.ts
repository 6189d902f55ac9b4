import { afterEach, beforeEach, expect, test } from "bun:test";
import { findRepositoryId, putPartlyImported } from "../../../../src/metadata/index.ts";
import { blobKeyOf } from "../../../../src/registry/index.ts";
import { findUnknownFiles } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";
import { app, collect, hasBytes, pushBlob, pushImage, pushManifest } from "../gc/collected-registry.ts";

const stray = contentOf("what a crash has left");

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  const { registry } = memory;
  const image = await pushImage(registry, "one", { reference: "1.0" });
  // As a registry:2 has them, and an import leaves them there.
  await registry.storage.write(blobKeyOf(image.digest), image.bytes);
  await registry.storage.write(blobKeyOf(stray.digest), stray.bytes);
});
afterEach(() => memory.close());

const find = (isToEnter: boolean) =>
  findUnknownFiles({ registry: memory.registry, isToEnter, signal: new AbortController().signal });
const found = { files: 1, bytes: stray.bytes.byteLength, first: [stray.digest] };

test("a file on no record is found, and stays unless it is to be entered", async () => {
  const { registry } = memory;
  expect(await find(false)).toEqual({ ...found, isEntered: false });
  await collectLater();
  expect(await hasBytes(registry, stray.digest)).toBe(true);
  expect(await find(true)).toEqual({ ...found, isEntered: true });
  expect(await find(true)).toEqual({ files: 0, bytes: 0, first: [], isEntered: true });
});

/** Also for triggers, which know only the time of the machine. */
function collectLater() {
  memory.clock.atMs = Date.now() + 60_000;
  return collect(memory.registry);
}

test("one that is entered goes by clean-up, and the rest stays", async () => {
  const { registry } = memory;
  await find(true);
  expect(await collectLater()).toMatchObject({ blobs: 1, freedBytes: stray.bytes.byteLength });
  expect(await hasBytes(registry, stray.digest)).toBe(false);
  expect(await collectLater()).toMatchObject({ blobs: 0, manifests: 0 });
});

test("one that is entered stays if an image with it is pushed", async () => {
  const { registry } = memory;
  await find(true);
  const layers = [await pushBlob(registry, "what a crash has left")];
  const config = await pushBlob(registry, "{}");
  await pushManifest(registry, imageManifest({ config, layers }), { reference: "2.0" });
  expect(await collectLater()).toMatchObject({ blobs: 0 });
  expect(await hasBytes(registry, stray.digest)).toBe(true);
});

test("nothing is entered where an import has left something out", async () => {
  const { metadata } = memory.registry;
  const id = (await findRepositoryId(metadata.reads, app)) ?? 0;
  await metadata.transaction((queries) => putPartlyImported(queries, { id, isPartly: true, nowMs: 1 }));
  expect(await find(true)).toEqual({ ...found, isEntered: false });
  expect(await find(false)).toEqual({ ...found, isEntered: false });
});
