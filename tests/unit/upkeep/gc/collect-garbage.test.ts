import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  type Digest,
  digestFromHex,
  digestOf,
  OCI_IMAGE_INDEX,
  referrersTagOf,
  type RepositoryName,
  type Tag,
} from "../../../../src/oci/index.ts";
import {
  blobKeyOf,
  deleteBlob,
  getBlob,
  getManifest,
  mountBlob,
  type Registry,
  reviewBlobs,
  reviewLinks,
  SETTLE_MS,
  sweepBlobs,
} from "../../../../src/registry/index.ts";
import {
  countBacklog,
  ensureRepository,
  findBlobStanding,
  linkBlob,
  iterateRemovalsOf,
  listRemovals,
  putBlob,
  putPartlyImported,
} from "../../../../src/metadata/index.ts";
import { StorageError } from "../../../../src/storage/index.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, contentOf, descriptorOf, imageIndex } from "../../../support/oci-content.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, collect, hasBytes, pushBlob, pushImage, pushIndex, pushManifest, remove } from "./collected-registry.ts";

const HOUR_MS = 3_600_000;
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const other = "team/other" as RepositoryName;

let memory: MemoryRegistry;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + HOUR_MS;
});
afterEach(() => memory.close());

async function hasManifest({ digest }: Content, repository = app): Promise<boolean> {
  return Promise.try(() => getManifest(registry, repository, { kind: "digest", digest })).then(
    () => true,
    () => false,
  );
}

async function hasBlob({ digest }: Content, repository = app): Promise<boolean> {
  return Promise.try(() => getBlob(registry, repository, digest)).then(
    () => true,
    () => false,
  );
}

describe("blobs", () => {
  test("of an image that has a tag stay", async () => {
    const image = await pushImage(registry, "app", { reference: "1.0" });
    expect(await collect(registry)).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    expect([await hasManifest(image), await hasBytes(registry, image.layer.digest)]).toEqual([true, true]);
  });

  test("that no manifest names go, with their bytes", async () => {
    const blob = await pushBlob(registry, "nobody's");
    expect(await collect(registry)).toMatchObject({ links: 1, blobs: 1, freedBytes: blob.bytes.byteLength });
    expect([await hasBlob(blob), await hasBytes(registry, blob.digest)]).toEqual([false, false]);
    expect(await listRemovals(registry.metadata.reads, blob.digest, 9)).toMatchObject([
      { kind: "blob", repository: null, run: "run-1" },
      { kind: "link", repository: app, run: "run-1" },
    ]);
  });

  test("that went are listed by the run that removed them, all of them, some at a time", async () => {
    await pushBlob(registry, "of another run");
    await collect(registry);
    const blobs = [await pushBlob(registry, "one"), await pushBlob(registry, "two")];
    await collect(registry, { run: "run-2" });
    const pages = await Array.fromAsync(iterateRemovalsOf(registry.metadata.reads, "run-2", 3));
    expect(pages.map((page) => page.map(({ kind }) => kind))).toEqual([["link", "link", "blob"], ["blob"]]);
    const digests = new Set(blobs.map(({ digest }) => digest));
    expect(new Set(pages.flat().map(({ digest }) => digest))).toEqual(digests);
  });

  test("of a deleted image go, but for those that another image of the repository names", async () => {
    const kept = await pushImage(registry, "kept", { reference: "kept" });
    const gone = await pushImage(registry, "gone", { reference: "gone" });
    await remove(registry, gone.digest);
    expect(await collect(registry)).toMatchObject({ links: 2, blobs: 2 });
    expect(await hasBytes(registry, gone.layer.digest)).toBe(false);
    expect([await hasBytes(registry, kept.layer.digest), await hasBlob(kept.layer)]).toEqual([true, true]);
  });

  test("that another repository has are taken from one alone", async () => {
    const blob = await pushBlob(registry, "shared");
    await pushImage(registry, "other", { repository: other, reference: "1" });
    await mountBlob(registry, { repository: other, from: app, digest: blob.digest, mayPull: () => true });
    const image = await pushImage(registry, "shared image", { reference: "1" });
    await deleteBlob(registry, { repository: app, digest: image.layer.digest, by: nobody });
    await pushBlob(registry, "layer of shared image", other);
    await collect(registry, { windowMs: HOUR_MS });
    expect(await hasBlob(blob, other)).toBe(true);
    expect(await hasBytes(registry, image.layer.digest)).toBe(true);
  });

  test("stay for the window since they lost what named them, or were pushed or mounted again", async () => {
    const blob = await pushBlob(registry, "young");
    expect(await collect(registry, { windowMs: HOUR_MS })).toMatchObject({ candidates: 0, links: 0 });
    memory.clock.atMs += HOUR_MS / 2;
    await pushBlob(registry, "young");
    memory.clock.atMs += HOUR_MS - 1;
    expect(await collect(registry, { windowMs: HOUR_MS })).toMatchObject({ links: 0 });
    memory.clock.atMs += 1;
    expect(await collect(registry, { windowMs: HOUR_MS })).toMatchObject({ links: 1, blobs: 1 });
    expect(await hasBytes(registry, blob.digest)).toBe(false);
  });

  test("whose bytes storage does not remove are tried again", async () => {
    const blob = await pushBlob(registry, "stuck");
    const { storage } = registry;
    const failures: unknown[] = [];
    const remove = () => Promise.reject(new StorageError("unavailable", "stuck"));
    const stuck = Object.assign(Object.create(storage) as typeof storage, { remove });
    const tally = await collect({ ...registry, storage: stuck }, { onFailure: (error) => failures.push(error) });
    expect([tally.blobs, failures.length > 0, await hasBytes(registry, blob.digest)]).toEqual([0, true, true]);
    memory.clock.atMs += 1000;
    expect(await collect(registry)).toMatchObject({ blobs: 1 });
    expect(await hasBytes(registry, blob.digest)).toBe(false);
  });

  test("of a repository of which an import left manifests out stay", async () => {
    const blob = await pushBlob(registry, "of a manifest that is damaged");
    const imported = (isPartly: boolean) =>
      registry.metadata.transaction(async (queries) =>
        putPartlyImported(queries, {
          id: await ensureRepository(queries, app, 0),
          isPartly,
          nowMs: memory.clock.atMs,
        }),
      );
    await imported(true);
    expect(await collect(registry)).toMatchObject({ candidates: 1, links: 0, blobs: 0 });
    // A later import that is whole says that nobody needs it.
    await imported(false);
    expect(await collect(registry)).toMatchObject({ links: 1, blobs: 1 });
    expect(await hasBytes(registry, blob.digest)).toBe(false);
  });

  test("of a build cache, which is an index of layers, stay and go with it", async () => {
    const layer = await pushBlob(registry, "cached layer");
    const type = "application/vnd.oci.image.layer.v1.tar";
    const cache = contentOf(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: [descriptorOf(layer, type)] }),
    );
    await pushManifest(registry, cache, { reference: "cache", contentType: OCI_IMAGE_INDEX });
    expect(await collect(registry)).toMatchObject({ links: 0 });
    await remove(registry, cache.digest);
    expect(await collect(registry)).toMatchObject({ links: 1, blobs: 1 });
  });

  test("are condemned when that is found, however long the database was busy before", async () => {
    const { metadata } = registry;
    const { clock } = memory;
    for (const name of ["one", "two"]) await pushBlob(registry, name);
    await deleteBlob(registry, { repository: app, digest: contentOf("one").digest, by: nobody });
    clock.atMs += HOUR_MS;
    const transaction: typeof metadata.transaction = (work, options) => {
      clock.atMs += 2 * SETTLE_MS;
      return metadata.transaction(work, options);
    };
    const busy = { ...registry, metadata: { ...metadata, reads: metadata.reads, transaction } };
    for (const [name, review] of [["two", reviewLinks] as const, ["one", reviewBlobs] as const]) {
      await review({ registry: busy, run: "run", dueMs: clock.atMs, settleMs: SETTLE_MS, untagged: "keep" }, 10);
      const { digest } = contentOf(name);
      expect((await findBlobStanding(metadata.reads, digest))?.condemnedAtMs).toBe(clock.atMs);
    }
  });

  test("that were condemned and are pushed again stay", async () => {
    const blob = await pushBlob(registry, "comes back");
    const stopped = new AbortController();
    // Between the judgement and the removal.
    await collect(registry, {
      settleMs: HOUR_MS,
      signal: stopped.signal,
      onProgress: ({ links }) => links && stopped.abort(),
    });
    expect(await countBacklog(registry.metadata.reads)).toMatchObject({ condemnedBlobs: 1 });
    await pushBlob(registry, "comes back", other);
    expect(await countBacklog(registry.metadata.reads)).toMatchObject({ condemnedBlobs: 0 });
    await collect(registry, { windowMs: HOUR_MS });
    expect(await hasBytes(registry, blob.digest)).toBe(true);
  });
});

/** As an import enters what registry:2 took under another digest: its bytes are filed under sha256. */
async function importSha512(blob: Content): Promise<Digest> {
  const digest = digestOf(blob.bytes, "sha512");
  await registry.metadata.transaction(async (queries) => {
    const row = { digest, sizeBytes: blob.bytes.byteLength, storageKey: blobKeyOf(blob.digest), createdAtMs: 0 };
    const blobId = await putBlob(queries, row);
    await linkBlob(queries, await ensureRepository(queries, app, 0), blobId, 0);
  });
  return digest;
}

describe("bytes that two digests have", () => {
  test("go when nothing needs either", async () => {
    const blob = await pushBlob(registry, "both");
    await importSha512(blob);
    expect(await collect(registry)).toMatchObject({ blobs: 2, freedBytes: blob.bytes.byteLength });
    expect(await hasBytes(registry, blob.digest)).toBe(false);
  });

  test("stay while something needs one", async () => {
    const { layer } = await pushImage(registry, "kept", { reference: "1.0" });
    await importSha512(layer);
    expect(await collect(registry)).toMatchObject({ blobs: 1, freedBytes: 0 });
    expect(await hasBytes(registry, layer.digest)).toBe(true);
  });

  test("stay when one is pushed while those of the other are about to go", async () => {
    const blob = contentOf("other");
    const { storage } = registry;
    await storage.write(blobKeyOf(blob.digest), blob.bytes);
    await importSha512(blob);
    const stopped = new AbortController();
    const onProgress = ({ links }: { readonly links: number }) => links && stopped.abort();
    await collect(registry, { signal: stopped.signal, onProgress });
    const sweep = () => sweepBlobs({ registry, run: "run-2", settleMs: 0, untagged: "keep" }, 8);
    const write: typeof storage.write = async (...what) => {
      await storage.write(...what);
      await sweep();
    };
    const finish: typeof storage.uploads.finish = async (...what) => {
      await storage.uploads.finish(...what);
      await sweep();
    };
    const uploads = Object.assign(Object.create(storage.uploads) as typeof storage.uploads, { finish });
    const slow = Object.assign(Object.create(storage) as typeof storage, { write, uploads });
    await pushBlob({ ...registry, storage: slow }, "other");
    expect(await hasBytes(registry, blob.digest)).toBe(true);
  });
});

describe("manifests", () => {
  test("without a tag stay where they are to, and go with their blobs where not", async () => {
    const image = await pushImage(registry, "untagged");
    expect(await collect(registry)).toMatchObject({ manifests: 0 });
    const again = await pushImage(registry, "untagged 2");
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({
      manifests: 1,
      links: 2,
      blobs: 2,
    });
    expect([await hasManifest(image), await hasManifest(again)]).toEqual([true, false]);
    expect(await hasBytes(registry, again.layer.digest)).toBe(false);
  });

  test("that lost their tag to another go where untagged ones do", async () => {
    const old = await pushImage(registry, "old", { reference: "latest" });
    await pushImage(registry, "new", { reference: "latest" });
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 1, blobs: 2 });
    expect(await hasManifest(old)).toBe(false);
  });

  test("of an index live and die with it, whatever becomes of untagged ones", async () => {
    const children = [await pushImage(registry, "amd64"), await pushImage(registry, "arm64")];
    const index = await pushIndex(registry, children, "1.0");
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0 });
    await remove(registry, index.digest);
    expect(await collect(registry)).toMatchObject({ manifests: 2, links: 4, blobs: 4 });
    expect(await hasManifest(children[0] as Content)).toBe(false);
  });

  test("of an index stay while they have a tag or another index", async () => {
    const tagged = await pushImage(registry, "tagged", { reference: "amd64" });
    const shared = await pushImage(registry, "shared");
    const gone = await pushIndex(registry, [tagged, shared], "gone");
    await pushIndex(registry, [shared], "kept");
    await remove(registry, gone.digest);
    expect(await collect(registry)).toMatchObject({ manifests: 0 });
    expect([await hasManifest(tagged), await hasManifest(shared)]).toEqual([true, true]);
  });

  test("that refer to another live and die with it, also those that refer to them", async () => {
    const image = await pushImage(registry, "subject", { reference: "1.0" });
    const signature = await pushImage(registry, "signature", { more: { subject: descriptorOf(image, IMAGE) } });
    const note = await pushImage(registry, "note", { more: { subject: descriptorOf(signature, IMAGE) } });
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0 });
    await remove(registry, image.digest);
    expect(await collect(registry)).toMatchObject({ manifests: 2, blobs: 6 });
    expect([await hasManifest(signature), await hasManifest(note)]).toEqual([false, false]);
  });

  test("that came before their subject stay", async () => {
    const subject = { bytes: new Uint8Array(1), digest: `sha256:${"0".repeat(64)}` } as unknown as Content;
    const signature = await pushImage(registry, "early", { more: { subject: descriptorOf(subject, IMAGE) } });
    expect(await collect(registry)).toMatchObject({ manifests: 0 });
    expect(await hasManifest(signature)).toBe(true);
  });

  test.each([".sig", ".att", ".sbom", ""])(
    "that cosign attached by a tag with %p live and die with their subject",
    async (suffix) => {
      const image = await pushImage(registry, "signed", { reference: "1.0" });
      const tag = `${image.digest.replace(":", "-")}${suffix}` as Tag;
      const signature = await pushImage(registry, "attached", { reference: tag });
      expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0 });
      await remove(registry, image.digest);
      expect(await collect(registry)).toMatchObject({ manifests: 1 });
      expect(await hasManifest(signature)).toBe(false);
    },
  );

  test.each([0, HOUR_MS])(
    "that list what refers to a long digest live and die with it, with a bin of %d ms",
    async (binKeepMs) => {
      await memory.close();
      memory = await openMemoryRegistry({ binKeepMs });
      ({ registry } = memory);
      memory.clock.atMs = Date.now() + HOUR_MS;
      const { bytes } = imageIndex([]);
      const digest = digestFromHex("sha512", new Bun.CryptoHasher("sha512").update(bytes).digest("hex"));
      await pushManifest(registry, { bytes, digest }, { contentType: OCI_IMAGE_INDEX });
      // A tag takes as much of it as of a shorter one.
      const list = await pushImage(registry, "list", { reference: referrersTagOf(digest) });
      expect(await collect(registry, { untagged: "keep" })).toMatchObject({ manifests: 0 });
      await remove(registry, digest);
      await collect(registry);
      expect(await hasManifest(list)).toBe(binKeepMs > 0);
      memory.clock.atMs += binKeepMs + 1;
      await collect(registry);
      expect(await hasManifest(list)).toBe(false);
    },
  );

  test("wait once only: what a removed index leaves behind goes in the same run", async () => {
    const child = await pushImage(registry, "child");
    const index = await pushIndex(registry, [child], "1.0");
    memory.clock.atMs = Date.now();
    await remove(registry, index.digest);
    memory.clock.atMs = Date.now() + HOUR_MS;
    expect(await collect(registry, { windowMs: HOUR_MS - 60_000 })).toMatchObject({ manifests: 1, links: 2, blobs: 2 });
  });

  test("that are pushed again stay for the window, like new ones", async () => {
    const child = await pushImage(registry, "child");
    const index = await pushIndex(registry, [child], "1.0");
    await collect(registry);
    await remove(registry, index.digest);
    memory.clock.atMs = Date.now() + HOUR_MS;
    // Whoever pushes the image of several platforms again begins with the child.
    await pushManifest(registry, child);
    memory.clock.atMs += 1;
    expect(await collect(registry, { windowMs: HOUR_MS / 2 })).toMatchObject({ manifests: 0 });
    await pushIndex(registry, [child], "1.0");
    memory.clock.atMs += HOUR_MS;
    expect(await collect(registry, { windowMs: HOUR_MS / 2 })).toMatchObject({ manifests: 0 });
    expect(await hasManifest(child)).toBe(true);
  });

  test("without a tag that are pushed again wait anew", async () => {
    const image = await pushImage(registry, "image");
    memory.clock.atMs += HOUR_MS;
    await pushManifest(registry, image);
    memory.clock.atMs += 1;
    const options = { windowMs: HOUR_MS / 2, untagged: "remove" } as const;
    expect(await collect(registry, options)).toMatchObject({ manifests: 0 });
    memory.clock.atMs += HOUR_MS;
    expect(await collect(registry, options)).toMatchObject({ manifests: 1 });
  });

  test("that come again with a tag are no orphans any more, also once it points elsewhere", async () => {
    const child = await pushImage(registry, "child");
    const index = await pushIndex(registry, [child], "1.0");
    await remove(registry, index.digest);
    await pushManifest(registry, child, { reference: "1.0" });
    await pushImage(registry, "other", { reference: "1.0" });
    expect(await collect(registry)).toMatchObject({ manifests: 0 });
    expect(await hasManifest(child)).toBe(true);
  });

  test("that come again with a tag wait from when they lose it", async () => {
    const image = await pushImage(registry, "image", { reference: "1.0" });
    await registry.metadata.transaction((queries) =>
      queries.updateTable("garbage_candidates").set({ since_ms: 0 }).execute(),
    );
    await pushManifest(registry, image, { reference: "1.0" });
    await pushImage(registry, "other", { reference: "1.0" });
    memory.clock.atMs = Date.now();
    const options = { windowMs: HOUR_MS, untagged: "remove" } as const;
    expect([await collect(registry, options), await hasManifest(image)]).toMatchObject([{ manifests: 0 }, true]);
    memory.clock.atMs += HOUR_MS;
    expect([await collect(registry, options), await hasManifest(image)]).toMatchObject([{ manifests: 1 }, false]);
  });

  test("that cosign attached, and that are pushed again, stay when their subject goes right after", async () => {
    const image = await pushImage(registry, "signed");
    const tag = `${image.digest.replace(":", "-")}.sig`;
    const signature = await pushImage(registry, "attached", { reference: tag });
    await collect(registry);
    await registry.metadata.transaction((queries) =>
      queries
        .insertInto("garbage_candidates")
        .values({ kind: "manifest", repository_id: 1, target_id: 1, is_orphan: 1, since_ms: 0 })
        .execute(),
    );
    memory.clock.atMs = Date.now();
    await pushManifest(registry, signature, { reference: tag });
    const tally = await collect(registry, { windowMs: HOUR_MS });
    expect([tally.manifests, await hasManifest(image), await hasManifest(signature)]).toEqual([1, false, true]);
  });

  test("that are pushed again stay, also when what named them goes right after", async () => {
    const child = await pushImage(registry, "child");
    const index = await pushIndex(registry, [child], "1.0");
    await collect(registry);
    await pushImage(registry, "other", { reference: "1.0" });
    // The index has waited for long.
    await registry.metadata.transaction((queries) =>
      queries.updateTable("garbage_candidates").set({ since_ms: 0 }).execute(),
    );
    memory.clock.atMs = Date.now();
    await pushManifest(registry, child);
    const tally = await collect(registry, { windowMs: HOUR_MS, untagged: "remove" });
    expect([tally.manifests, await hasManifest(index), await hasManifest(child)]).toEqual([1, false, true]);
  });

  test.each<[string, () => Promise<string>]>([
    ["of its own", () => Promise.resolve("stable")],
    [
      "attached to what is there",
      async () => {
        // In byte order behind the others.
        for (let attempt = 0; ; attempt++) {
          const { digest } = await pushImage(registry, `signed ${attempt}`, { reference: "signed" });
          if (digest.startsWith("sha256:f")) return digest.replace(":", "-");
        }
      },
    ],
  ])("stay for a tag %s, however many others are attached to what is gone", async (_, findTagName) => {
    const tag = await findTagName();
    const gone = Array.from({ length: 20 }, (_, index) => contentOf(`gone ${index}`));
    // What clients write when the last referrer of a manifest is deleted is the same for all of them.
    for (const [index, { digest }] of gone.entries())
      await pushIndex(registry, [], digest.replace("sha256:", index % 2 === 0 ? "sha256-" : "sha512-"));
    const subject = await pushImage(registry, "subject");
    const empty = await pushIndex(registry, [], subject.digest.replace(":", "-"));
    await pushIndex(registry, [], tag);
    await remove(registry, subject.digest);
    await collect(registry);
    expect(await hasManifest(empty)).toBe(true);
  });
});
