import { afterEach, beforeEach, expect, test } from "bun:test";
import { ensureRepository, recordTagChange } from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { HistoryPruner } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf } from "../../../support/oci-content.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  memory.clock.atMs = 0;
});
afterEach(() => memory.close());

const { signal } = new AbortController();

/** A change each millisecond. */
async function change(tag: string, times: number): Promise<void> {
  await memory.registry.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, "team/app" as RepositoryName, 0);
    for (let time = 0; time < times; time += 1) {
      memory.clock.atMs += 1;
      const { digest } = contentOf(`${tag} ${time}`);
      const event = { cause: "push", nowMs: memory.clock.atMs, by: nobody } as const;
      await recordTagChange(queries, { repositoryId, tag: tag as Tag, digest, from: undefined, ...event });
    }
  });
}

async function kept(): Promise<Readonly<Record<string, readonly number[]>>> {
  const rows = await memory.registry.metadata.reads.selectFrom("tag_history").select(["tag", "at_ms"]).execute();
  return Object.fromEntries(
    Map.groupBy(rows, ({ tag }) => tag)
      .entries()
      .map(([tag, of]) => [tag, of.map(({ at_ms }) => at_ms)]),
  );
}

test("what is older than is to be kept goes, all of it", async () => {
  await change("a", 450);
  await change("b", 2);
  memory.clock.atMs = 1448;
  await new HistoryPruner(memory.registry, { keepMs: 1000, keepChanges: 0 }).prune(signal);
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [451, 452] });
});

test("of each tag so many changes stay, the newest", async () => {
  await change("a", 450);
  await change("b", 2);
  const pruner = new HistoryPruner(memory.registry, { keepMs: 0, keepChanges: 3 });
  await pruner.prune(signal);
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [451, 452] });
  await change("b", 2);
  await pruner.prune(signal);
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [452, 453, 454] });
});

test("nothing goes where nothing is limited", async () => {
  await change("a", 3);
  memory.clock.atMs = 10 ** 12;
  await new HistoryPruner(memory.registry, { keepMs: 0, keepChanges: 0 }).prune(signal);
  expect(await kept()).toEqual({ a: [1, 2, 3] });
});
