import { afterEach, beforeEach, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import {
  expireTags,
  judgeRepository,
  type JudgedRepository,
  readExpiryLabels,
  unwatchTags,
  watchTags,
} from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, pushImage, remove } from "../../upkeep/gc/collected-registry.ts";

let memory: MemoryRegistry;
let judged: JudgedRepository;

const say = (path: string, name: string, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));
const push = (tag: string) => {
  memory.clock.atMs += 1;
  return pushImage(memory.registry, tag, { reference: tag });
};
const judge = () => judgeRepository(memory.registry.metadata.reads, { repository: app, nowMs: memory.clock.atMs });
const going = ({ verdicts }: JudgedRepository) => verdicts.filter(({ isKept }) => !isKept);
const expire = () => expireTags(memory.registry, { judged, doomed: going(judged), run: "job 1", watcher: "run-1" });

beforeEach(async () => {
  memory = await openMemoryRegistry();
  await say("team", "retention", [{ tags: ["*"], newest: 1 }]);
  for (const tag of ["a", "b", "c"]) await push(tag);
  const { repositoryId } = (await judge()) ?? expect.unreachable();
  await readExpiryLabels(memory.registry, 10);
  await watchTags(memory.registry, { repositoryId, run: "run-1" });
  judged = (await judge()) ?? expect.unreachable();
});
afterEach(() => memory.close());

test("what was judged and has not changed is carried out", async () => {
  const [first, second] = going(judged).map((verdict) => [verdict]);
  // What goes in one step changes nothing for the next.
  for (const doomed of [first, second])
    expect(await expireTags(memory.registry, { judged, doomed: doomed ?? [], run: "job 1", watcher: "run-1" })).toBe(
      true,
    );
  expect((await judge())?.verdicts.map(({ tag }) => tag as string)).toEqual(["c"]);
});

test.each<[string, () => Promise<unknown>]>([
  ["a tag is pushed again", () => push("a")],
  ["a tag is moved", () => pushImage(memory.registry, "other", { reference: "b" })],
  ["a tag is made", () => push("d")],
  ["a newer tag is deleted", () => remove(memory.registry, "c")],
  ["a rule is changed", () => say("team", "retention", [{ tags: ["*"], newest: 2 }])],
  ["a nearer node has rules", () => say("team/app", "retention", [])],
  ["a tag becomes immutable", () => say("", "immutable-tags", ["a"])],
  ["a tag is kept", () => say("", "kept-tags", ["a"])],
  ["other images are to be marked", () => say("", "keep-labels", ["live"])],
  ["the repository is protected", () => say("", "protected", true)],
])("nothing goes when %s meanwhile", async (_, change) => {
  await change();
  const before = (await judge())?.verdicts.length;
  expect(await expire()).toBe(false);
  expect((await judge())?.verdicts).toHaveLength(before ?? 0);
});

test("nothing goes without a watch, or when another run has removed something", async () => {
  const { repositoryId } = judged;
  await watchTags(memory.registry, { repositoryId, run: "run-2" });
  const other = (await judge()) ?? expect.unreachable();
  expect(
    await expireTags(memory.registry, { judged: other, doomed: going(other).slice(1), run: "job 1", watcher: "run-2" }),
  ).toBe(true);
  expect(await expire()).toBe(false);
  await unwatchTags(memory.registry, { repositoryId, run: "run-2" });
  expect(
    await expireTags(memory.registry, { judged: other, doomed: going(other), run: "job 1", watcher: "run-2" }),
  ).toBe(false);
});
