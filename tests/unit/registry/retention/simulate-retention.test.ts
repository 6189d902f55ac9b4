import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  addTagUses,
  ensureRepository,
  putClusterReport,
  putNodeSetting,
  putTagUse,
} from "../../../../src/metadata/index.ts";
import type { Tag } from "../../../../src/oci/index.ts";
import { listSimulated, readExpiryLabels } from "../../../../src/registry/index.ts";
import type { RetentionRule } from "../../../../src/registry/retention/retention-rule.ts";
import { applyRetention } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, pushImage, remove } from "../../upkeep/gc/collected-registry.ts";

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 0, 1);

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ deleteEnabled: true });
});
afterEach(() => memory.close());

const at = (day: number) => FIRST_MS + day * DAY_MS;
async function push(tag: string, day: number, content = `${tag} of ${day}`) {
  memory.clock.atMs = at(day);
  return pushImage(memory.registry, content, { reference: tag });
}
const used = (reference: string, day: number) =>
  memory.registry.metadata.transaction((queries) =>
    addTagUses(queries, [{ repository: app, reference, lastAtMs: at(day) }]),
  );

/** Each tag that would have gone, on which day, what became of it, and on which day it came back. */
async function simulate(rules: readonly Partial<RetentionRule>[], { since = 0, now = 30, limit = 100 } = {}) {
  const value = rules.map((rule) => ({ tags: ["*"], ...rule }));
  const query = { node: "team", sinceMs: at(since), everyMs: DAY_MS, nowMs: at(now), limit };
  const seen: unknown[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: Awaited<ReturnType<typeof listSimulated>> = await listSimulated(memory.registry.metadata.reads, {
      ...query,
      after,
      rules: { value, node: "team" },
    });
    for (const { tag, goneAtMs, backAtMs, afterwards } of page.items) {
      const back = backAtMs === undefined ? [] : [dayOf(backAtMs)];
      seen.push([tag, dayOf(goneAtMs), afterwards, ...back]);
    }
    after = page.next;
  }
  return seen;
}
const dayOf = (ms: number) => (ms - FIRST_MS) / DAY_MS;

test("a rule is applied to the tags as they were, each day", async () => {
  await push("a", 1);
  await push("b", 2);
  await push("c", 12);
  expect(await simulate([{ newest: 2 }])).toEqual([["a", 12, "nothing"]]);
  expect(await simulate([{ pushedWithin: "5d" }])).toEqual([
    ["a", 7, "nothing"],
    ["b", 8, "nothing"],
    ["c", 18, "nothing"],
  ]);
  expect(await simulate([{ pushedWithin: "5d" }], { limit: 1 })).toHaveLength(3);
  expect(await simulate([{ newest: 3 }])).toEqual([]);
});

test("a tag that was pushed or moved after that is back, and may go again", async () => {
  await push("a", 1);
  await push("a", 10);
  expect(await simulate([{ pushedWithin: "5d" }])).toEqual([
    ["a", 7, "nothing", 10],
    ["a", 16, "nothing"],
  ]);
});

test("a tag that was deleted is judged until then, and goes no more", async () => {
  await push("a", 1);
  await push("b", 1);
  memory.clock.atMs = at(3);
  await remove(memory.registry, "a");
  memory.clock.atMs = at(20);
  await remove(memory.registry, "b");
  expect(await simulate([{ pushedWithin: "5d" }])).toEqual([["b", 7, "unknown"]]);
});

test("what is there since before its history began counts", async () => {
  await push("a", -40);
  await push("b", -39);
  expect(await simulate([{ newest: 1 }])).toEqual([["a", 0, "nothing"]]);
});

test("what was needed since comes first", async () => {
  await push("quiet", 1);
  await push("pulled", 2);
  const { digest } = await push("runs", 3);
  await push("pulled-before", 1);
  await push("pulled-again", 1);
  await push("pulled-again", 15);
  await push("taken-over", 1);
  await used("pulled", 20);
  await used("pulled-before", 5);
  await used("pulled-again", 16);
  await memory.registry.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, app, 0);
    await putTagUse(queries, { repositoryId, tag: "taken-over" as Tag, atMs: at(25) });
    const images = [{ repository: app, digest }];
    await putClusterReport(queries, { cluster: "eu-1", images, nowMs: at(12), holdsUntilMs: at(99) });
  });
  expect(await simulate([{ pushedWithin: "5d" }], { now: 18 })).toEqual([
    ["runs", 9, "in-use"],
    ["pulled", 8, "pulled"],
    ["pulled-again", 7, "unknown", 15],
    ["taken-over", 7, "unknown"],
    ["pulled-before", 7, "nothing"],
    ["quiet", 7, "nothing"],
  ]);
});

test("what was used by then keeps a tag, where the rule says so", async () => {
  await push("a", 1);
  await used("a", 6);
  expect(await simulate([{ pulledWithin: "10d" }])).toEqual([["a", 17, "nothing"]]);
});

test("with the rules of now it says today what a run does today", async () => {
  for (const [index, tag] of ["a", "b", "c", "d"].entries()) await push(tag, index);
  const rules = [{ tags: ["*"], newest: 2 }];
  await memory.registry.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "retention", value: rules, nowMs: 1 }),
  );
  memory.clock.atMs = at(5);
  const would = await simulate(rules, { since: 5, now: 5 });
  await readExpiryLabels(memory.registry, 10);
  const gone: string[] = [];
  const { signal } = new AbortController();
  const { registry } = memory;
  await applyRetention({ registry, run: "run", signal, onExpired: (_, { tag }) => gone.push(tag), restFactor: 0 });
  expect(would.map((line) => (line as string[])[0])).toEqual(gone);
});
