import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  dropManifestBody,
  findBinEntry,
  findRepositoryId,
  findTag,
  listActs,
  listBinEntries,
  listManifests,
  listRemovals,
} from "../../../../src/metadata/index.ts";
import type { Tag } from "../../../../src/oci/index.ts";
import {
  deleteBlob,
  emptyBin,
  explainContent,
  getBlob,
  getManifest,
  listReferrers,
  type Registry,
  type RegistryChange,
  restoreFromBin,
} from "../../../../src/registry/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, descriptorOf } from "../../../support/oci-content.ts";
import { app, collect, hasBytes, pushBlob, pushImage, pushIndex, remove } from "./collected-registry.ts";

const DAY_MS = 86_400_000;
const IMAGE = "application/vnd.oci.image.manifest.v1+json";

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: DAY_MS, isAudited: true });
  registry = memory.registry;
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + 3_600_000;
});
afterEach(() => memory.close());

const removing = { untagged: "remove" as const };

async function isThere(reference: string): Promise<boolean> {
  const kind = reference.includes(":")
    ? { kind: "digest" as const, digest: reference as Content["digest"] }
    : undefined;
  return Promise.try(() => getManifest(registry, app, kind ?? { kind: "tag", tag: reference as Tag })).then(
    () => true,
    () => false,
  );
}

async function pointsAt(tag: string): Promise<string | undefined> {
  const { reads } = registry.metadata;
  return (await findTag(reads, (await findRepositoryId(reads, app)) ?? 0, tag as Tag))?.digest;
}

async function isWhole(image: Awaited<ReturnType<typeof pushImage>>): Promise<boolean> {
  const blobs = [image.config, image.layer];
  for (const { digest } of blobs) {
    const isLinked = await Promise.try(() => getBlob(registry, app, digest)).then(
      () => true,
      () => false,
    );
    if (!isLinked || !(await hasBytes(registry, digest))) return false;
  }
  return isThere(image.digest);
}

test("a manifest whose bytes were found damaged does not come back from the bin", async () => {
  const image = await pushImage(registry, "image", { reference: "1.0" });
  const { reads } = registry.metadata;
  const [stored = expect.unreachable()] = await listManifests(reads, 0, 1);
  await registry.metadata.transaction((queries) => dropManifestBody(queries, stored));
  await remove(registry, image.digest);
  expect((await listBinEntries(reads, { limit: 9 })).map(({ kind }) => kind)).toEqual([]);
});

/** All entries, the oldest first. */
const entries = async () => (await listBinEntries(registry.metadata.reads, { limit: 100 })).toReversed();

function change<T>(make: (change: RegistryChange) => Promise<T>): Promise<T> {
  const { metadata, clock } = registry;
  const record = () => Promise.resolve();
  return metadata.transaction((queries) => make({ queries, nowMs: clock.nowMs(), by: nobody, record }));
}

async function restore(id: number, force = false) {
  return change(async (inside) => {
    const entry = await findBinEntry(inside.queries, id);
    if (!entry) throw new Error(`no entry ${id}`);
    const { validation } = registry.options;
    return restoreFromBin(inside, { entry, force, validation, requireMayMove: () => undefined });
  });
}

const emptyAll = () => change((inside) => emptyBin(inside, { limit: 100 }));

describe("what a client deletes", () => {
  test("is in the bin and nowhere else, until when and by whom on record", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    expect([await isThere(image.digest), await isThere("1.0")]).toEqual([false, false]);
    expect(await entries()).toMatchObject([
      { id: 1, kind: "manifest", digest: image.digest, repository: app, expiresAtMs: memory.clock.atMs + DAY_MS },
    ]);
    const acts = await listActs(registry.metadata.reads, { afterSequence: 0, limit: 100 });
    expect(acts.map(({ act }) => act).slice(-2)).toEqual(["manifest.delete", "bin.put"]);
  });

  test("comes back with its tags and all of its blobs, after any number of clean-ups", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    expect(await collect(registry, removing)).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    await collect(registry, removing);
    expect(await restore(1)).toEqual({ digest: image.digest, tags: ["1.0" as Tag] });
    expect(await collect(registry, removing)).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    expect([await isWhole(image), await pointsAt("1.0"), await entries()]).toEqual([true, image.digest, []]);
  });

  test("goes for good when its time is over, with its blobs", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    memory.clock.atMs += DAY_MS - 1;
    expect(await collect(registry)).toMatchObject({ blobs: 0 });
    memory.clock.atMs += 1;
    expect(await collect(registry)).toMatchObject({ links: 2, blobs: 2 });
    expect([await entries(), await hasBytes(registry, image.layer.digest)]).toEqual([[], false]);
    expect(await listRemovals(registry.metadata.reads, image.digest, 9)).toMatchObject([
      { kind: "manifest", repository: app, reason: "it was deleted, and its time in the bin was over" },
    ]);
  });

  test("goes when the bin is emptied, but for what something else names", async () => {
    const gone = await pushImage(registry, "gone", { reference: "1.0" });
    const kept = await pushImage(registry, "kept", { reference: "2.0" });
    await remove(registry, gone.digest);
    expect(await emptyAll()).toBe(1);
    expect(await collect(registry)).toMatchObject({ links: 2, blobs: 2 });
    expect([await hasBytes(registry, gone.layer.digest), await isWhole(kept)]).toEqual([false, true]);
    expect(await listRemovals(registry.metadata.reads, gone.digest, 9)).toMatchObject([
      { kind: "manifest", reason: "it was deleted, and removed from the bin", run: expect.stringMatching(/^request /) },
    ]);
  });

  test("goes at once where there is no bin", async () => {
    await memory.close();
    memory = await openMemoryRegistry();
    registry = memory.registry;
    memory.clock.atMs = Date.now() + 3_600_000;
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    expect(await entries()).toEqual([]);
    expect(await collect(registry)).toMatchObject({ blobs: 2 });
  });
});

describe("a tag that was deleted", () => {
  test("keeps what it pointed at until its time is over, where untagged manifests go", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, "1.0");
    expect(await collect(registry, removing)).toMatchObject({ manifests: 0 });
    memory.clock.atMs += DAY_MS;
    expect(await collect(registry, removing)).toMatchObject({ manifests: 1, blobs: 2 });
    expect(await isThere(image.digest)).toBe(false);
  });

  test("comes back", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, "1.0");
    await collect(registry, removing);
    await restore(1);
    expect([await pointsAt("1.0"), await isWhole(image)]).toEqual([image.digest, true]);
  });

  test("comes back after its manifest, if that was deleted, too", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, "1.0");
    await remove(registry, image.digest);
    expect(await failureOf(restore(1))).toContain("restore entry 2 of the bin first");
    await restore(2);
    await restore(1);
    await collect(registry, removing);
    expect([await pointsAt("1.0"), await isWhole(image)]).toEqual([image.digest, true]);
  });

  test("that was made anew is moved back by force only", async () => {
    const image = await pushImage(registry, "old", { reference: "1.0" });
    await remove(registry, image.digest);
    const anew = await pushImage(registry, "new", { reference: "1.0" });
    expect(await failureOf(restore(1))).toBe("the tag 1.0 points elsewhere by now: restore with force to move it back");
    expect([await pointsAt("1.0"), await isThere(image.digest)]).toEqual([anew.digest, false]);
    await restore(1, true);
    expect([await pointsAt("1.0"), await isThere(anew.digest)]).toEqual([image.digest, true]);
  });
});

describe("what belongs to something in the bin", () => {
  test("comes back with it: children of an index, and what refers to them and to it", async () => {
    const child = await pushImage(registry, "amd64");
    const index = await pushIndex(registry, [child], "1.0");
    const refers = (to: Content) => ({ more: { subject: descriptorOf(to, IMAGE) } });
    const [ofChild, ofIndex] = [
      await pushImage(registry, "of child", refers(child)),
      await pushImage(registry, "of index", refers(index)),
    ];
    const byTag = await pushImage(registry, "by tag", { reference: `${index.digest.replace(":", "-")}.sig` });
    await remove(registry, index.digest);
    expect(await collect(registry, removing)).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    await restore(1);
    expect(await collect(registry, removing)).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    for (const image of [child, ofChild, ofIndex, byTag]) expect(await isWhole(image)).toBe(true);
    const asked = { repository: app, subject: index.digest, artifactType: undefined, after: "", limit: 9 };
    const { descriptors } = await listReferrers(registry, asked);
    expect(descriptors.map(({ digest }) => digest)).toEqual([ofIndex.digest]);
  });

  test("goes after it", async () => {
    const child = await pushImage(registry, "amd64");
    const index = await pushIndex(registry, [child], "1.0");
    const signature = await pushImage(registry, "signature", { more: { subject: descriptorOf(index, IMAGE) } });
    const byTag = await pushImage(registry, "by tag", { reference: `${index.digest.replace(":", "-")}.sig` });
    await remove(registry, index.digest);
    await collect(registry);
    await emptyAll();
    expect(await collect(registry)).toMatchObject({ manifests: 3, links: 6, blobs: 6 });
    for (const image of [child, signature, byTag]) expect(await isThere(image.digest)).toBe(false);
  });

  test("and was deleted for good stands in the way, unless by force", async () => {
    const child = await pushImage(registry, "amd64");
    const index = await pushIndex(registry, [child], "1.0");
    await remove(registry, child.digest);
    await remove(registry, index.digest);
    expect(await failureOf(restore(2))).toContain(`does not have ${child.digest} any more`);
    expect(await isThere(index.digest)).toBe(false);
    await change(async (inside) => emptyBin(inside, { limit: 1 })).then(() => restore(1));
    expect(await isWhole(child)).toBe(true);
  });

  test("is not asked for by force", async () => {
    const child = await pushImage(registry, "amd64");
    const index = await pushIndex(registry, [child], "1.0");
    await remove(registry, child.digest);
    await remove(registry, index.digest);
    await restore(2, true);
    expect([await isThere(index.digest), await isThere(child.digest)]).toEqual([true, false]);
  });
});

describe("blobs of what is in the bin", () => {
  test("that a client deletes as well come back with it", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    await deleteBlob(registry, { repository: app, digest: image.layer.digest, by: nobody });
    await collect(registry);
    expect(await failureOf(Promise.try(() => getBlob(registry, app, image.layer.digest)))).toContain("has no blob");
    await restore(1);
    await collect(registry);
    expect(await isWhole(image)).toBe(true);
  });

  test("and were deleted as well go with it", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    await deleteBlob(registry, { repository: app, digest: image.layer.digest, by: nobody });
    await collect(registry);
    await emptyAll();
    await collect(registry);
    expect(await hasBytes(registry, image.layer.digest)).toBe(false);
  });

  test("that the repository did not have then are not given to it", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await deleteBlob(registry, { repository: app, digest: image.layer.digest, by: nobody });
    await remove(registry, image.digest);
    await pushBlob(registry, "layer of app", "team/other" as typeof app);
    expect(await failureOf(restore(1))).toContain(`does not have ${image.layer.digest} any more`);
  });
});

describe("the same manifest pushed again while it is in the bin", () => {
  test("takes no harm when its entry goes", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    await pushImage(registry, "app", { reference: "2.0" });
    memory.clock.atMs += DAY_MS;
    await collect(registry, removing);
    expect([await isWhole(image), await entries(), await pointsAt("1.0")]).toEqual([true, [], undefined]);
  });

  test("gets the tags back that it had", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    await pushImage(registry, "app", { reference: "2.0" });
    await restore(1);
    expect([await pointsAt("1.0"), await pointsAt("2.0")]).toEqual([image.digest, image.digest]);
  });

  test("and deleted again is in the bin twice, and comes back by either", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    await remove(registry, image.digest);
    await pushImage(registry, "app", { reference: "2.0" });
    await remove(registry, image.digest);
    await restore(1);
    await collect(registry, removing);
    expect([await isWhole(image), await pointsAt("2.0")]).toEqual([true, undefined]);
    await restore(2);
    expect(await pointsAt("2.0")).toBe(image.digest);
  });
});

test("what the bin keeps is explained", async () => {
  const child = await pushImage(registry, "amd64");
  const index = await pushIndex(registry, [child], "1.0");
  await remove(registry, index.digest);
  const untilMs = memory.clock.atMs + DAY_MS;
  const explain = (digest: Content["digest"]) =>
    explainContent(registry.metadata.reads, digest, { ...removing, nowMs: memory.clock.atMs });
  expect(await explain(index.digest)).toMatchObject({
    manifests: [],
    bin: [{ entry: 1, digest: index.digest, untilMs }],
  });
  const kept = await explain(child.digest);
  expect(kept.manifests).toMatchObject([{ keeper: { kind: "bin", entry: 1, untilMs } }]);
  expect(kept.bin).toEqual([{ entry: 1, repository: app, digest: index.digest, untilMs }]);
});

test("a manifest whose bytes went bad in the bin does not come back", async () => {
  const image = await pushImage(registry, "app", { reference: "1.0" });
  await remove(registry, image.digest);
  await registry.metadata.reads
    .updateTable("bin_entries")
    .set({ body: new Uint8Array([123]) })
    .execute();
  expect(await failureOf(restore(1))).toContain("are damaged");
  expect(await isThere(image.digest)).toBe(false);
});
