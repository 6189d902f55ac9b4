import { afterEach, beforeEach, expect, test } from "bun:test";
import { putClusterReport, putNodeSetting, type RunningImage } from "../../../../src/metadata/index.ts";
import {
  expireTags,
  judgeRepository,
  type JudgedRepository,
  readExpiryLabels,
  unwatchTags,
  watchTags,
} from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, pushImage, pushIndex } from "../../upkeep/gc/collected-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  await memory.registry.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "retention", value: [{ tags: ["last"] }], nowMs: 1 }),
  );
});
afterEach(() => memory.close());

const report = (...images: readonly Pick<RunningImage, "digest">[]) =>
  memory.registry.metadata.transaction((queries) =>
    putClusterReport(queries, {
      cluster: "eu-1",
      images: images.map(({ digest }) => ({ repository: app, digest })),
      nowMs: 1000,
      holdsUntilMs: memory.clock.atMs + 10,
    }),
  );
const judge = async () => {
  const judged = await judgeRepository(memory.registry.metadata.reads, { repository: app, nowMs: memory.clock.atMs });
  return judged ?? expect.unreachable();
};
const going = ({ verdicts }: JudgedRepository) => verdicts.filter(({ isKept }) => !isKept);

test("the tags of what runs stay, and of the indexes that name it, until the cluster is silent for too long", async () => {
  const { registry } = memory;
  const child = await pushImage(registry, "child");
  await pushIndex(registry, [child], "multi");
  const single = await pushImage(registry, "single", { reference: "single" });
  await pushImage(registry, "other", { reference: "other" });
  await report(child, single);
  const { verdicts } = await judge();
  const reason = "running in eu-1 since 1970-01-01T00:00:01.000Z";
  expect(verdicts.map(({ tag, isKept }) => [tag, isKept] as const)).toEqual([
    ["multi", true],
    ["other", false],
    ["single", true],
  ] as never);
  expect(verdicts.filter(({ isKept }) => isKept).map((verdict) => verdict.reason)).toEqual([reason, reason]);
  memory.clock.atMs += 10;
  expect(going(await judge())).toHaveLength(3);
});

test("a tag that was to go stays if what it points at began to run meanwhile", async () => {
  const { registry } = memory;
  const image = await pushImage(registry, "one", { reference: "one" });
  const { repositoryId } = await judge();
  const watch = { repositoryId, run: "run-1" };
  await readExpiryLabels(registry, 10);
  await watchTags(registry, watch);
  const judged = await judge();
  const expire = () => expireTags(registry, { judged, doomed: going(judged), run: "run-1", watcher: "run-1" });
  await report(image);
  expect(await expire()).toBe(false);
  await report();
  expect(await expire()).toBe(true);
  await unwatchTags(registry, watch);
});
