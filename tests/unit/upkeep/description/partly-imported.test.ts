import { afterEach, beforeEach, expect, test } from "bun:test";
import { openSqlite } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { blobKeyOf, createRegistry, moveRepository, type Registry } from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { describeRegistry } from "../../../../src/upkeep/description/describe-registry.ts";
import { NOTHING_DESCRIBED } from "../../../../src/upkeep/description/description-run.ts";
import { stopDescribing } from "../../../../src/upkeep/description/stop-describing.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { app, pushImage } from "../gc/collected-registry.ts";

const moved = "team/new" as RepositoryName;

let memory: MemoryRegistry;
let registry: Registry;
let repair: () => Promise<void>;

/** A registry:2's directory with two tags, of which the import could take over one. */
beforeEach(async () => {
  memory = await openMemoryRegistry();
  await pushImage(memory.registry, "good", { reference: "good" });
  const { digest, bytes } = await pushImage(memory.registry, "bad", { reference: "bad" });
  await describe(memory.registry);
  await stopDescribing(memory.registry);
  const { storage } = memory.registry;
  await storage.write(blobKeyOf(digest), new TextEncoder().encode("{damaged"));
  repair = () => storage.write(blobKeyOf(digest), bytes);
  registry = createRegistry({ ...memory.registry, metadata: await openSqlite(":memory:") });
  // A revision and a tag.
  expect((await importRegistryV2(registry)).damaged).toHaveLength(2);
  await describe(registry);
});
afterEach(async () => {
  await registry.metadata.close();
  await memory.close();
});

function describe(of: Registry): Promise<void> {
  const { signal } = new AbortController();
  return describeRegistry({ ...of, signal, restFactor: 0, tally: { ...NOTHING_DESCRIBED }, report: () => undefined });
}

/** Of all repositories, as another database would have them from the storage. */
async function readBack(): Promise<readonly string[]> {
  const metadata = await openSqlite(":memory:");
  await importRegistryV2({ ...registry, metadata });
  const rows = metadata.reads.selectFrom("tags as t").innerJoin("repositories as r", "r.id", "t.repository_id");
  const found = await rows.select(["r.name as repository", "t.name as tag"]).execute();
  await metadata.close();
  return found.map(({ repository, tag }) => `${repository}:${tag}`).toSorted();
}

const rename = () =>
  registry.metadata.transaction((queries) =>
    moveRepository(changeBy(registry, queries, nobody), { from: app, to: moved, redirectMs: 0 }),
  );

test("what could not be imported is there for another import, also by a name that the repository has no more", async () => {
  await rename();
  await describe(registry);
  await repair();
  expect(await readBack()).toEqual(["team/app:bad", "team/new:good"]);
  expect((await importRegistryV2(registry)).damaged).toEqual([]);
});

test("and where another repository has that name by then", async () => {
  await rename();
  await pushImage(registry, "other", { reference: "other" });
  await describe(registry);
  await repair();
  expect(await readBack()).toEqual(["team/app:bad", "team/app:other", "team/new:good"]);
});
