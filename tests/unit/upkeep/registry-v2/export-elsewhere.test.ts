import { afterEach, beforeEach, expect, test } from "bun:test";
import { listRepositories, listTags, openSqlite } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_MANIFEST, referrersTagOf, type RepositoryName } from "../../../../src/oci/index.ts";
import { blobKeyOf } from "../../../../src/registry/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, parseStorageKey, type StorageDriver } from "../../../../src/storage/index.ts";
import type { CopyProgress, RegistryV2Export } from "../../../../src/upkeep/index.ts";
import { exportRegistryV2, importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { descriptorOf } from "../../../support/oci-content.ts";
import { app, pushImage, pushIndex, remove } from "../gc/collected-registry.ts";

const other = "other/app" as RepositoryName;

let memory: MemoryRegistry;
let target: StorageDriver;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  target = await openStorage({ kind: "inmemory" }, { clock: systemClock });
});
afterEach(async () => {
  await memory.close();
  await target.close();
});

let ids = 0;
function run({ signal = new AbortController().signal, ...options }: Partial<RegistryV2Export> = {}) {
  const { metadata, storage: from } = memory.registry;
  const source = { from, newId: () => `copy-${ids++}`, signal };
  return exportRegistryV2({ reads: metadata.reads, storage: target, source, prune: false, signal, ...options });
}

async function keysOf(storage: StorageDriver, prefix = "docker/"): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.iterate(prefix)) keys.push(key);
  return keys.sort();
}

/** A tagged index, what signs its image, and another repository. */
async function fillRegistry() {
  const { registry } = memory;
  const child = await pushImage(registry, "child");
  const index = await pushIndex(registry, [child], "1.0");
  const subject = descriptorOf(child, OCI_IMAGE_MANIFEST);
  const signature = await pushImage(registry, "signature", { more: { subject } });
  const image = await pushImage(registry, "other", { reference: "latest", repository: other });
  return { child, index, signature, image };
}

test("blobs are copied, and what is there is an import's whole registry; what it came from is not touched", async () => {
  const { child } = await fillRegistry();
  const before = await keysOf(memory.registry.storage);
  expect(await run()).toMatchObject({ repositories: 2, manifests: 4, tags: 2, blobs: 6, damaged: [], keptCount: 0 });
  expect(await keysOf(memory.registry.storage)).toEqual(before);
  const list = referrersTagOf(child.digest);
  expect((await keysOf(target)).some((key) => key.endsWith(`/${app}/_manifests/tags/${list}/current/link`))).toBe(true);
  const metadata = await openSqlite(":memory:");
  const imported = await importRegistryV2({ metadata, storage: target, clock: systemClock });
  expect(imported).toMatchObject({ added: { repositories: 2, manifests: 4, tags: 2, blobs: 6 }, damaged: [] });
  expect(await listRepositories(metadata.reads, { after: "", limit: 9 })).toEqual([other, app]);
  expect(await listTags(metadata.reads, app, { after: "", limit: 9 })).toEqual(["1.0"] as never);
  await metadata.close();
});

test("another run writes what is not there, and nothing else", async () => {
  const { image } = await fillRegistry();
  await run();
  expect(await run()).toMatchObject({ written: 0, blobs: 6 });
  await target.remove(blobKeyOf(image.layer.digest));
  await target.write(blobKeyOf(image.config.digest), new TextEncoder().encode("cut"));
  expect(await run()).toMatchObject({ written: 2, blobs: 6 });
  expect(await (await target.read(blobKeyOf(image.layer.digest)))?.text()).toBe("layer of other");
});

test("how far the copy is is told up to its end, also for some of the repositories", async () => {
  await fillRegistry();
  for (const repositories of [undefined, ["team/**"]]) {
    const heard: CopyProgress[] = [];
    await run({ repositories, onProgress: (progress) => void heard.push(progress) });
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.at(-1)?.doneBytes).toBe(heard[0]?.totalBytes ?? 0);
  }
});

test("a blob whose bytes are not its own is told, and neither copied nor linked", async () => {
  const { image } = await fillRegistry();
  await memory.registry.storage.write(blobKeyOf(image.layer.digest), new TextEncoder().encode("layer of OTHER"));
  const { damaged, blobs } = await run();
  expect(damaged).toMatchObject([{ repository: other, reference: image.layer.digest }]);
  expect(blobs).toBe(5);
  const hex = image.layer.digest.slice("sha256:".length);
  expect((await keysOf(target)).filter((key) => key.includes(hex))).toEqual([]);
  // Of an unfinished copy nothing stays either.
  expect(await keysOf(target, "berth/uploads/")).toEqual([]);
});

test("only the repositories that are named go out", async () => {
  await fillRegistry();
  expect(await run({ repositories: ["other/*"] })).toMatchObject({ repositories: 1, tags: 1 });
  expect((await keysOf(target)).some((key) => key.includes(`/${app}/`))).toBe(false);
  expect(await failureOf(run({ repositories: ["none"] }))).toBe("there is no repository none");
});

test("what was deleted since stays and is told, until it is to be pruned: also a repository as a whole", async () => {
  const { image } = await fillRegistry();
  const link = `docker/registry/v2/repositories/${other}/_manifests/tags/latest/current/link`;
  await run();
  await remove(memory.registry, image.digest, other);
  const { kept } = await run();
  expect(kept).toMatchObject([{ reference: "latest" }, { reference: image.digest }]);
  expect(await target.stat(parseStorageKey(link))).toBeDefined();
  expect(await run({ prune: true, repositories: ["team/**"] })).toMatchObject({ removed: 0 });
  const foreign = link.replace(other, "gone/app").replace("latest", "1.0");
  await target.write(parseStorageKey(foreign), new TextEncoder().encode(image.digest));
  // A revision, and a tag twice, and another.
  expect(await run({ prune: true })).toMatchObject({ removed: 4, keptCount: 0 });
  expect((await keysOf(target)).filter((key) => key.includes("/_manifests/tags/latest/") || key === foreign)).toEqual(
    [],
  );
});

test("it can be interrupted while it copies, and goes on with another run", async () => {
  await fillRegistry();
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const newId = () => {
    interrupt.abort(new Error("stopped"));
    return "interrupted";
  };
  const stopped = run({ signal, source: { from: memory.registry.storage, newId, signal } });
  expect(await failureOf(stopped)).toBe("stopped");
  expect(await keysOf(target)).toEqual([]);
  expect(await run()).toMatchObject({ isFinished: true, blobs: 6 });
});
