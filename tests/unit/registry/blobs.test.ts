import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import {
  countLostBlobs,
  ensureRepository,
  linkBlob,
  MetadataError,
  putBlob,
  recordBlobLoss,
} from "../../../src/metadata/index.ts";
import { OCI_IMAGE_MANIFEST, parseReference, RegistryError, type RepositoryName } from "../../../src/oci/index.ts";
import { getBlob, getBlobHead, mountBlob, putManifest, putWholeBlob, readBlob } from "../../../src/registry/index.ts";
import { parseStorageKey, type StorageKey } from "../../../src/storage/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { contentOf, imageManifest } from "../../support/oci-content.ts";
import { nobody } from "../../support/nobody.ts";
import { streamOf } from "../../support/stream-of.ts";

const app = "team/app" as RepositoryName;
const other = "team/other" as RepositoryName;
const content = contentOf("hello");

let memory: MemoryRegistry;
const push = () =>
  putWholeBlob(memory.registry, { repository: app, digest: content.digest, body: streamOf([content.bytes]) });

beforeEach(async () => {
  memory = await openMemoryRegistry();
  await push();
});
afterEach(() => memory.close());

const large = contentOf("hello".repeat(20_000));

const damages: readonly [string, (key: StorageKey, bytes: Uint8Array) => Promise<void>][] = [
  ["are gone", (key) => memory.registry.storage.remove(key)],
  ["are cut short", (key, bytes) => memory.registry.storage.write(key, bytes.subarray(0, 2))],
  ["have become more", (key, bytes) => memory.registry.storage.write(key, Buffer.concat([bytes, bytes]))],
];
const changed: (typeof damages)[number] = [
  "are others",
  (key, bytes) => memory.registry.storage.write(key, bytes.toReversed()),
];

test.each([
  ...[...damages, changed].map(([about, damage]) => ["small", about, content, damage] as const),
  ...damages.map(([about, damage]) => ["large", about, large, damage] as const),
])("no byte is served of a %s blob whose bytes %s", async (_, __, { digest, bytes }, damage) => {
  await putWholeBlob(memory.registry, { repository: app, digest, body: streamOf([bytes]) });
  const blob = await getBlob(memory.registry, app, digest);
  await damage(parseStorageKey(blob.storageKey), bytes);
  for (const range of [undefined, { firstByte: 1, lastByte: 4 }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, to tell which failed
    const failure = await Promise.try(() => readBlob(memory.registry, blob, range)).catch((error: unknown) => error);
    if (!(failure instanceof RegistryError)) throw new Error("no RegistryError", { cause: failure });
    expect(failure.kind).toBe("unavailable");
    expect(failure.message).toContain(digest);
  }
});

test("a small blob is read from storage once, and parts of it are right", async () => {
  const blob = await getBlob(memory.registry, app, content.digest);
  expect(await readBlob(memory.registry, blob)).toEqual(content.bytes);
  await memory.registry.storage.remove(parseStorageKey(blob.storageKey));
  expect(await readBlob(memory.registry, blob)).toEqual(content.bytes);
  const part = await readBlob(memory.registry, blob, { firstByte: 1, lastByte: 3 });
  expect(await new Response(part as Uint8Array<ArrayBuffer>).text()).toBe("ell");
});

describe("a loss that cannot be put on record", () => {
  const readOf = async (failure: Error): Promise<unknown> => {
    const { registry } = memory;
    const blob = await getBlob(registry, app, content.digest);
    await registry.storage.remove(parseStorageKey(blob.storageKey));
    const metadata = { ...registry.metadata, transaction: () => Promise.reject(failure) };
    return Promise.try(() => readBlob({ ...registry, metadata }, blob)).catch((error: unknown) => error);
  };

  test("is told all the same where the database cannot be written", async () => {
    expect(await readOf(new MetadataError("full", "no space"))).toMatchObject({ kind: "unavailable" });
  });

  test("tells of a fault of ours", async () => {
    const fault = new TypeError("a mistake");
    expect(await readOf(fault)).toBe(fault);
  });
});

describe("a blob whose bytes were found lost", () => {
  let key: StorageKey;
  beforeEach(async () => {
    const blob = await getBlob(memory.registry, app, content.digest);
    key = parseStorageKey(blob.storageKey);
    await memory.registry.storage.remove(key);
    await Promise.try(() => readBlob(memory.registry, blob)).catch(() => undefined);
  });

  const headKind = () =>
    Promise.try(() => getBlobHead(memory.registry, app, content.digest)).then(
      () => "there",
      (error: unknown) => (error instanceof RegistryError ? error.kind : error),
    );
  const mount = (from: RepositoryName | undefined) =>
    mountBlob(memory.registry, { repository: other, digest: content.digest, from, mayPull: () => true });

  test("is not there for a client that asks whether to push it, and cannot be mounted", async () => {
    expect(await headKind()).toBe("blob-unknown");
    expect([await mount(app), await mount(undefined)]).toEqual([false, false]);
  });

  test("is missing to a manifest that names it, until it was pushed again", async () => {
    const layers = [content];
    const manifest = imageManifest({ config: content, layers });
    const putting = () =>
      putManifest(memory.registry, {
        repository: app,
        reference: parseReference("v1"),
        tags: [],
        by: nobody,
        body: manifest.bytes,
        contentType: OCI_IMAGE_MANIFEST,
      });
    expect(await putting().catch((error: unknown) => error)).toMatchObject({
      kind: "manifest-blob-unknown",
      details: [{ digest: content.digest }],
    });
    await push();
    expect((await putting()).digest).toBe(manifest.digest);
  });

  test("is whole again once it was pushed", async () => {
    await push();
    expect(await headKind()).toBe("there");
    expect(await mount(app)).toBe(true);
    expect(await readBlob(memory.registry, await getBlob(memory.registry, app, content.digest))).toBeDefined();
  });

  test("is so for another process, and after a restart", async () => {
    const blob = await memory.registry.metadata.hot.findBlobInRepository(app, content.digest);
    expect(blob?.lostReason).toBe("missing");
    expect(await countLostBlobs(memory.registry.metadata.reads)).toBe(1);
    await push();
    expect(await countLostBlobs(memory.registry.metadata.reads)).toBe(0);
  });

  test("is whole again once somebody put its bytes back", async () => {
    await memory.registry.storage.write(key, content.bytes);
    expect([await headKind(), await mount(undefined)]).toEqual(["there", true]);
  });
});

describe("a blob whose bytes were found to be wrong", () => {
  const wrong = contentOf("hallo");
  beforeEach(async () => {
    const blob = await getBlob(memory.registry, app, content.digest);
    await memory.registry.storage.write(parseStorageKey(blob.storageKey), wrong.bytes);
    const loss = { digest: blob.digest, storageKey: blob.storageKey, reason: "wrong-digest", nowMs: 1 } as const;
    await memory.registry.metadata.transaction((queries) => recordBlobLoss(queries, loss));
  });
  const read = async () => readBlob(memory.registry, await getBlob(memory.registry, app, content.digest));
  const kindOf = (error: unknown) => (error instanceof RegistryError ? error.kind : error);

  test("is not served, although its size is right", async () => {
    expect(await read().catch(kindOf)).toBe("unavailable");
    expect(await Promise.try(() => getBlobHead(memory.registry, app, content.digest)).catch(kindOf)).toBe(
      "blob-unknown",
    );
    expect(await countLostBlobs(memory.registry.metadata.reads)).toBe(1);
  });

  test("is whole again once it was pushed", async () => {
    await push();
    expect(await new Response(await read()).text()).toBe("hello");
  });
});

test("a push makes right the size on record, as an import of a damaged file leaves it", async () => {
  const { digest } = content;
  const { storageKey } = await getBlob(memory.registry, app, digest);
  const other = { digest: contentOf("other").digest, sizeBytes: 2, storageKey, createdAtMs: 1 };
  await memory.registry.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, app, 1);
    await linkBlob(queries, repositoryId, await putBlob(queries, other), 1);
  });
  const pushed = contentOf("other");
  await putWholeBlob(memory.registry, { repository: app, digest: pushed.digest, body: streamOf([pushed.bytes]) });
  const blob = await getBlob(memory.registry, app, pushed.digest);
  expect(await new Response(await readBlob(memory.registry, blob)).text()).toBe("other");
});
