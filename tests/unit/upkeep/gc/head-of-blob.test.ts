import { afterEach, beforeEach, expect, test } from "bun:test";
import { RegistryError } from "../../../../src/oci/index.ts";
import { getBlobHead, type Registry } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { type Content, contentOf, imageManifest } from "../../../support/oci-content.ts";
import { app, collect, hasBytes, pushBlob, pushManifest } from "./collected-registry.ts";

const WINDOW_MS = 3_600_000;

let memory: MemoryRegistry;
let registry: Registry;
let blob: Content;
let transactions = 0;
beforeEach(async () => {
  memory = await openMemoryRegistry({ garbageWindowMs: WINDOW_MS });
  const { metadata } = memory.registry;
  const { reads, hot } = metadata;
  const counted: typeof metadata = {
    reads,
    hot,
    transaction(work, options) {
      transactions += 1;
      return metadata.transaction(work, options);
    },
    check: () => metadata.check(),
    close: () => metadata.close(),
  };
  registry = { ...memory.registry, metadata: counted };
  memory.clock.atMs = Date.now();
  blob = await pushBlob(registry, "to be named");
  transactions = 0;
});
afterEach(() => memory.close());

const head = () => Promise.try(() => getBlobHead(registry, app, blob.digest));
const collectAll = () => collect(memory.registry, { windowMs: WINDOW_MS });

test("gives who is told that it is there half the window to name it", async () => {
  memory.clock.atMs += WINDOW_MS - 1;
  expect(await head()).toMatchObject({ digest: blob.digest });
  memory.clock.atMs += WINDOW_MS / 2;
  expect(await collectAll()).toMatchObject({ links: 0 });
  await pushManifest(registry, imageManifest({ config: blob, layers: [] }), { reference: "1" });
  memory.clock.atMs += WINDOW_MS;
  await collectAll();
  expect(await hasBytes(registry, blob.digest)).toBe(true);
});

test("that nobody asks for goes when it did before", async () => {
  memory.clock.atMs += WINDOW_MS;
  expect(await collectAll()).toMatchObject({ links: 1, blobs: 1 });
  expect(await head().catch((error: unknown) => (error as RegistryError).kind)).toBe("blob-unknown");
});

test("writes nothing of what is new, or was judged, and once of what has waited", async () => {
  await head();
  memory.clock.atMs += WINDOW_MS / 2;
  await head();
  expect(transactions).toBe(0);
  memory.clock.atMs += 1;
  await head();
  await head();
  expect(transactions).toBe(1);
  await pushManifest(registry, imageManifest({ config: blob, layers: [] }), { reference: "1" });
  memory.clock.atMs += WINDOW_MS;
  await collectAll();
  transactions = 0;
  memory.clock.atMs += WINDOW_MS;
  await head();
  expect(transactions).toBe(0);
});

test("says that it is not there if it goes in that moment", async () => {
  memory.clock.atMs += WINDOW_MS;
  const before = await memory.registry.metadata.hot.findBlobToName(app, blob.digest);
  await collectAll();
  const hot = { ...registry.metadata.hot, findBlobToName: () => before };
  const late = { ...registry, metadata: { ...registry.metadata, hot } };
  const asked = Promise.try(() => getBlobHead(late, app, blob.digest));
  expect(await asked.catch((error: unknown) => (error as RegistryError).kind)).toBe("blob-unknown");
});

test("writes nothing in read-only mode", async () => {
  memory.clock.atMs += WINDOW_MS;
  const { options } = registry;
  const asked = getBlobHead({ ...registry, options: { ...options, readOnly: true } }, app, blob.digest);
  expect([await asked, transactions]).toMatchObject([{ digest: blob.digest }, 0]);
  // What nobody has is not made by asking for it.
  const none = contentOf("none").digest;
  expect(() => getBlobHead(registry, app, none)).toThrow(RegistryError);
});
