import { afterEach, beforeEach, expect, test } from "bun:test";
import { openSqlite } from "../../../../src/metadata/index.ts";
import { parseStorageKey } from "../../../../src/storage/index.ts";
import { describeRegistry, WHOLE_EVERY_MS } from "../../../../src/upkeep/description/describe-registry.ts";
import { NOTHING_DESCRIBED } from "../../../../src/upkeep/description/description-run.ts";
import { stopDescribing } from "../../../../src/upkeep/description/stop-describing.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, pushImage, remove } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  for (const tag of ["a", "b"]) await pushImage(memory.registry, tag, { reference: tag });
  await describe();
});
afterEach(() => memory.close());

function describe(): Promise<void> {
  const { signal } = new AbortController();
  const tally = { ...NOTHING_DESCRIBED };
  return describeRegistry({ ...memory.registry, signal, restFactor: 0, tally, report: () => undefined });
}

/** The tags that another database would have from the storage. */
async function readBack(): Promise<readonly string[]> {
  const metadata = await openSqlite(":memory:");
  await importRegistryV2({ ...memory.registry, metadata });
  const rows = await metadata.reads.selectFrom("tags").select("name").orderBy("name").execute();
  await metadata.close();
  return rows.map(({ name }) => name);
}

test("a tag does not come back that was deleted right before all is described anew", async () => {
  memory.clock.atMs += WHOLE_EVERY_MS - 10_000;
  await remove(memory.registry, "a");
  memory.clock.atMs += 20_000;
  await describe();
  expect(await readBack()).toEqual(["b"]);
});

test("a tag does not come back that was deleted while storage was not described", async () => {
  await stopDescribing(memory.registry);
  memory.clock.atMs += 1000;
  await remove(memory.registry, "a");
  memory.clock.atMs += 1000;
  await describe();
  expect(await readBack()).toEqual(["b"]);
});

test("a tag stays that a registry:2 has pushed since", async () => {
  const { storage } = memory.registry;
  const link = parseStorageKey(`docker/registry/v2/repositories/${app}/_manifests/tags/a/current/link`);
  const bytes = await (await storage.read(link))?.bytes();
  await stopDescribing(memory.registry);
  await remove(memory.registry, "a");
  memory.clock.atMs += 1000;
  await storage.write(link, bytes ?? new Uint8Array());
  await describe();
  expect(await readBack()).toEqual(["a", "b"]);
});
