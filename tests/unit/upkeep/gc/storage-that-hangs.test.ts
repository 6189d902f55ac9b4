import { afterEach, beforeEach, expect, test } from "bun:test";
import { countBacklog, type MetadataDatabase, recordDescribed } from "../../../../src/metadata/index.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { type Registry, sweepBlobs } from "../../../../src/registry/index.ts";
import { StorageError } from "../../../../src/storage/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import type { Content } from "../../../support/oci-content.ts";
import { until } from "../../../support/until.ts";
import { app, collect, hasBytes, pushBlob, pushImage } from "./collected-registry.ts";

let memory: MemoryRegistry;
let registry: Registry;
/** To clean-up storage hangs until then. */
let answer: PromiseWithResolvers<void>;
let hanging: Registry;
let blob: Content;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  registry = memory.registry;
  memory.clock.atMs = Date.now() + 3_600_000;
  answer = Promise.withResolvers<void>();
  const { storage } = registry;
  const remove: typeof storage.remove = async (key) => {
    await answer.promise;
    await storage.remove(key);
  };
  hanging = { ...registry, storage: Object.assign(Object.create(storage) as typeof storage, { remove }) };
  blob = await pushBlob(registry, "nobody's");
  await condemnAll();
});
afterEach(async () => {
  answer.resolve();
  await memory.close();
});

function condemnAll() {
  const stopped = new AbortController();
  const onProgress = ({ links }: { readonly links: number }) => links && stopped.abort();
  return collect(registry, { signal: stopped.signal, onProgress });
}

const sweep = (of: Registry) =>
  sweepBlobs({ registry: of, run: "run-2", settleMs: 0, untagged: "keep", patienceMs: 0 }, 8);

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof RegistryError ? error.kind : error),
  );

const isNoted = async () => {
  const { reads } = registry.metadata;
  const row = reads.selectFrom("blobs").select("id").where("removing_since_ms", "is not", null);
  return (await row.executeTakeFirst()) !== undefined;
};

test("a sweep ends its transaction all the same: others push meanwhile", async () => {
  const { looked, pending } = await sweep(hanging);
  expect([looked, pending !== undefined]).toEqual([0, true]);
  await pushImage(registry, "of others", { reference: "1" });
  answer.resolve();
  expect(await pending).toMatchObject([{ removed: 1, freedBytes: blob.bytes.byteLength, failures: [] }]);
  expect(await countBacklog(registry.metadata.reads)).toMatchObject({ condemnedBlobs: 0 });
  expect(await hasBytes(registry, blob.digest)).toBe(false);
});

test("what may still be removed is not taken from a push until there is an answer", async () => {
  const { pending } = await sweep(hanging);
  expect(await refusal(pushBlob(registry, "nobody's"))).toBe("unavailable");
  // Nobody else asks storage for it either.
  expect(await sweep(registry)).toMatchObject({ looked: 0 });
  expect(await hasBytes(registry, blob.digest)).toBe(true);
  answer.resolve();
  await pending;
  await pushBlob(registry, "nobody's");
  expect(await hasBytes(registry, blob.digest)).toBe(true);
});

test("a push that was placing it for long is refused", async () => {
  const { storage } = registry;
  const write: typeof storage.write = async (...what) => {
    await storage.write(...what);
    memory.clock.atMs += 10_000;
    await condemnAll();
    await sweep(hanging);
  };
  const finish: typeof storage.uploads.finish = async (...what) => {
    await storage.uploads.finish(...what);
    memory.clock.atMs += 10_000;
    await condemnAll();
    await sweep(hanging);
  };
  const uploads = Object.assign(Object.create(storage.uploads) as typeof storage.uploads, { finish });
  const slow = Object.assign(Object.create(storage) as typeof storage, { write, uploads });
  // It is there and nobody's until that push begins, which keeps it; then its time is over again.
  expect(await refusal(pushBlob({ ...registry, storage: slow }, "nobody's"))).toBe("unavailable");
});

test("a failure that comes late is tried again", async () => {
  const { pending } = await sweep(hanging);
  answer.reject(new StorageError("unavailable", "no"));
  expect(await pending).toMatchObject([{ removed: 0, failures: [{ message: "no" }] }]);
  expect(await sweep(registry)).toMatchObject({ removed: 1 });
});

test("a run waits for the answer, and for nothing once it is stopped", async () => {
  const stopped = new AbortController();
  const run = collect(hanging, { signal: stopped.signal, patienceMs: 0 });
  await until("it is on record that storage hangs", isNoted);
  stopped.abort();
  expect(await run).toMatchObject({ blobs: 0 });
  answer.resolve();
  await until("its row is gone", async () => !(await isNoted()));
  expect(await hasBytes(registry, blob.digest)).toBe(false);
});

test("what a process that died was removing goes by another run", async () => {
  await sweep(hanging);
  memory.clock.atMs += 600_000;
  expect(await sweep(registry)).toMatchObject({ removed: 1, freedBytes: blob.bytes.byteLength });
});

test("what a process that died was removing can be pushed again, or describe a manifest, before another run", async () => {
  const { metadata, clock } = registry;
  const described = { repository: app, repositoryId: 1, digest: blob.digest };
  const describe = () => metadata.transaction((queries) => recordDescribed(queries, [described], clock.nowMs()));
  for (const have of [() => pushBlob(registry, "nobody's"), describe]) {
    await sweep(hanging);
    expect(await refusal(have())).not.toBe("done");
    memory.clock.atMs += 600_000;
    expect(await refusal(have())).toBe("done");
    expect(await hasBytes(registry, blob.digest)).toBe(true);
    await condemnAll();
  }
});

test("what could not be put on record is until it could", async () => {
  let failures = 2;
  const { metadata } = registry;
  const transaction: MetadataDatabase["transaction"] = async (work, options) =>
    metadata.transaction(async (queries) => {
      const result = await work(queries);
      if (failures-- > 0) throw new Error("the disk is full");
      return result;
    }, options);
  const { reads, hot } = metadata;
  const failing = { reads, hot, transaction, check: () => metadata.check(), close: () => metadata.close() };
  const seen = { ...hanging, metadata: failing };
  expect(await sweep(seen).catch(String)).toContain("the disk is full");
  await until("it is on record that storage hangs", isNoted);
  expect(await refusal(pushBlob(registry, "nobody's"))).toBe("unavailable");
});
