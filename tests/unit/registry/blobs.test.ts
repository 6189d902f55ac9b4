import { afterEach, beforeEach, expect, test } from "bun:test";

import { RegistryError, type RepositoryName } from "../../../src/oci/index.ts";
import { getBlob, putWholeBlob, readBlob } from "../../../src/registry/index.ts";
import { parseStorageKey, type StorageKey } from "../../../src/storage/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { contentOf } from "../../support/oci-content.ts";
import { streamOf } from "../../support/stream-of.ts";

const app = "team/app" as RepositoryName;
const content = contentOf("hello");

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  await putWholeBlob(memory.registry, { repository: app, digest: content.digest, body: streamOf([content.bytes]) });
});
afterEach(() => memory.close());

const damages: readonly [string, (key: StorageKey) => Promise<void>][] = [
  ["are gone", (key) => memory.registry.storage.remove(key)],
  ["are cut short", (key) => memory.registry.storage.write(key, content.bytes.subarray(0, 2))],
  ["have become more", (key) => memory.registry.storage.write(key, Buffer.from("hello, world"))],
];

test.each(damages)("no byte is served of a blob whose bytes %s", async (_, damage) => {
  const blob = await getBlob(memory.registry, app, content.digest);
  await damage(parseStorageKey(blob.storageKey));
  for (const range of [undefined, { firstByte: 1, lastByte: 4 }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, to tell which failed
    const failure = await readBlob(memory.registry, blob, range).catch((error: unknown) => error);
    if (!(failure instanceof RegistryError)) throw new Error("no RegistryError", { cause: failure });
    expect(failure.kind).toBe("unavailable");
    expect(failure.message).toContain(content.digest);
  }
});
