import { afterEach, beforeEach, expect, test } from "bun:test";
import { ensureRepository } from "../../../src/metadata/index.ts";
import { parseRepositoryName } from "../../../src/oci/index.ts";
import { listRepositories, type Registry } from "../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";

const REPOSITORIES = 2500;

let memory: MemoryRegistry;
let reads: number;
let registry: Registry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  const { metadata } = memory.registry;
  await metadata.transaction(async (queries) => {
    for (let index = 0; index < REPOSITORIES; index++)
      await ensureRepository(queries, parseRepositoryName(`r${String(index).padStart(4, "0")}`), 1);
    // As if something had been pushed to each.
    await queries.updateTable("repositories").set({ is_empty: 0 }).execute();
  });
  reads = 0;
  const counting = new Proxy(metadata.reads, {
    get(target, key) {
      if (key === "selectFrom") reads++;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  registry = { ...memory.registry, metadata: { ...metadata, reads: counting } };
});
afterEach(() => memory.close());

test("a short page costs few reads, also for who may see nothing", async () => {
  const page = { after: "", limit: 1 };
  expect(await listRepositories(registry, page, () => false)).toEqual({ names: [], hasMore: false });
  expect(reads).toBeLessThanOrEqual(4);
});

test("a page is as long as was asked for, wherever what may be seen stands", async () => {
  const maySee = (name: string) => name.endsWith("00");
  const first = await listRepositories(registry, { after: "", limit: 3 }, maySee);
  expect(first).toEqual({ names: ["r0000", "r0100", "r0200"].map(parseRepositoryName), hasMore: true });
  const last = await listRepositories(registry, { after: "r2200", limit: 3 }, maySee);
  expect(last).toEqual({ names: ["r2300", "r2400"].map(parseRepositoryName), hasMore: false });
});
