import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  ensureRepository,
  pruneTagHistory,
  recordTagChange,
  renameRepository,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { historyWork } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { attempt } from "../attempt.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf } from "../../../support/oci-content.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  memory.clock.atMs = 0;
});
afterEach(() => memory.close());

/** @param keep what of each stays; 0: all */
const run = (keep: { readonly keepMs: number; readonly keepChanges: number }) =>
  attempt(
    historyWork({ registry: memory.registry }, { enabled: true, intervalMs: 1000, schedule: undefined, ...keep }),
  );

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
  expect((await run({ keepMs: 1000, keepChanges: 0 })).result).toEqual({ changes: 447, names: 0 });
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [451, 452] });
});

test("of each tag so many changes stay, the newest", async () => {
  await change("a", 450);
  await change("b", 2);
  const shorten = () => run({ keepMs: 0, keepChanges: 3 });
  expect((await shorten()).result).toEqual({ changes: 447, names: 0 });
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [451, 452] });
  await change("b", 2);
  expect((await shorten()).result).toEqual({ changes: 1, names: 0 });
  expect(await kept()).toEqual({ a: [448, 449, 450], b: [452, 453, 454] });
  expect((await run({ keepMs: 0, keepChanges: 2 })).result).toEqual({ changes: 2, names: 0 });
});

test("nothing goes where nothing is limited", async () => {
  await change("a", 3);
  memory.clock.atMs = 10 ** 12;
  await run({ keepMs: 0, keepChanges: 0 });
  expect(await kept()).toEqual({ a: [1, 2, 3] });
});

test("tags are looked at whose changes have the numbers of some that were forgotten", async () => {
  await change("a", 10);
  await run({ keepMs: 0, keepChanges: 3 });
  await memory.registry.metadata.transaction((queries) => pruneTagHistory(queries, 1000, 1000));
  await change("b", 8);
  await run({ keepMs: 0, keepChanges: 3 });
  expect(await kept()).toEqual({ b: [16, 17, 18] });
});

test("names that led nowhere for a year go, also where all changes stay", async () => {
  await change("a", 1);
  await memory.registry.metadata.transaction(async (queries) => {
    const [from, to] = ["team/app" as RepositoryName, "team/api" as RepositoryName];
    const id = await ensureRepository(queries, from, 0);
    await renameRepository(queries, { id, from, to, nowMs: 0, servesUntilMs: 10, actor: undefined });
  });
  memory.clock.atMs = 365 * 86_400_000 + 10;
  expect((await run({ keepMs: 0, keepChanges: 0 })).result).toEqual({ changes: 0, names: 0 });
  memory.clock.atMs += 1;
  expect((await run({ keepMs: 0, keepChanges: 0 })).result).toEqual({ changes: 0, names: 1 });
});
