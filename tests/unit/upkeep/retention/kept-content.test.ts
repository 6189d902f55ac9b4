import { afterEach, beforeEach, expect, test } from "bun:test";
import { findRepositoryId, putNodeSetting } from "../../../../src/metadata/index.ts";
import { parseReference } from "../../../../src/oci/index.ts";
import {
  blobKeyOf,
  explainContent,
  keepContent,
  listTags,
  readExpiryLabels,
  type RegistryChange,
  unkeepContent,
} from "../../../../src/registry/index.ts";
import { applyRetention, type RetentionRun } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { type Content, imageManifest } from "../../../support/oci-content.ts";
import { withStorage } from "../../../support/with-storage.ts";
import { app, collect, pushBlob, pushImage, pushIndex, pushManifest, remove } from "../gc/collected-registry.ts";

const DAY_MS = 86_400_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  memory.clock.atMs = Date.now() + DAY_MS;
  const value = [{ tags: ["latest"] }];
  await memory.registry.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "retention", value, nowMs: 1 }),
  );
});
afterEach(() => memory.close());

const apply = (options: Partial<RetentionRun> = {}) =>
  applyRetention({
    registry: memory.registry,
    run: "run-1",
    signal: new AbortController().signal,
    restFactor: 0,
    ...options,
  });
const tags = async () =>
  (await listTags(memory.registry, app, { after: "", limit: undefined })).names as readonly string[];

type Place = Parameters<typeof unkeepContent>[1];
function change<T>(text: string, work: (inside: RegistryChange, place: Place) => Promise<T>): Promise<T> {
  const { metadata, clock } = memory.registry;
  return metadata.transaction(async (queries) => {
    const inside = { queries, nowMs: clock.nowMs(), by: { ...nobody, actor: "anna" }, record: () => Promise.resolve() };
    const repositoryId = (await findRepositoryId(queries, app)) ?? 0;
    return work(inside, { repository: app, repositoryId, reference: parseReference(text) });
  });
}
const keep = (text: string, untilMs: number | null = null) =>
  change(text, (inside, place) => keepContent(inside, { ...place, reason: "live", untilMs }));
const unkeep = (text: string) => change(text, unkeepContent);

test("a tag that is kept stays wherever it points, until that is over or taken back", async () => {
  for (const tag of ["1.0", "2.0", "3.0"]) await pushImage(memory.registry, tag, { reference: tag });
  await keep("1.0", memory.clock.atMs + DAY_MS);
  await keep("2.0");
  await pushImage(memory.registry, "other", { reference: "2.0" });
  expect(await apply()).toMatchObject({ expired: 1 });
  expect(await tags()).toEqual(["1.0", "2.0"]);
  memory.clock.atMs += DAY_MS;
  expect(await apply()).toMatchObject({ expired: 1 });
  await unkeep("2.0");
  expect(await apply()).toMatchObject({ expired: 1 });
});

test("a manifest that is kept keeps its tags, and those of an index that names it", async () => {
  const child = await pushImage(memory.registry, "child", { reference: "child" });
  await pushIndex(memory.registry, [child], "index");
  await pushImage(memory.registry, "other", { reference: "other" });
  await keep(child.digest);
  expect(await apply()).toMatchObject({ expired: 1 });
  expect(await tags()).toEqual(["child", "index"]);
});

test("a tag that somebody keeps between judgement and removal stays", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  let calls = 0;
  // The second is right before the transaction that removes.
  const recordPulls = async () => {
    if (++calls === 2) await keep("1.0");
  };
  expect(await apply({ recordPulls })).toMatchObject({ expired: 0, postponed: 0 });
  expect(await tags()).toEqual(["1.0"]);
});

const clean = () => collect(memory.registry, { untagged: "remove" });
const keeperOf = async ({ digest }: Content) => {
  const { reads } = memory.registry.metadata;
  const nowMs = memory.clock.atMs;
  return (await explainContent(reads, digest, { untagged: "remove", nowMs })).manifests[0]?.keeper;
};

test("clean-up leaves a manifest that is kept, and says why, until that is over", async () => {
  const kept = await pushImage(memory.registry, "kept");
  const untilMs = memory.clock.atMs + DAY_MS;
  await keep(kept.digest, untilMs);
  expect(await clean()).toMatchObject({ manifests: 0 });
  const reason = `kept by anna until ${new Date(untilMs).toISOString()}: live`;
  expect(await keeperOf(kept)).toEqual({ kind: "kept", reason, untilMs });
  memory.clock.atMs += DAY_MS;
  expect(await clean()).toMatchObject({ manifests: 1, blobs: 2 });
});

test("what has lost its index while it was kept goes when it is kept no more", async () => {
  const child = await pushImage(memory.registry, "child");
  const index = await pushIndex(memory.registry, [child]);
  await keep(child.digest);
  await remove(memory.registry, index.digest);
  // Also where untagged manifests stay.
  expect(await collect(memory.registry)).toMatchObject({ manifests: 0 });
  await unkeep(child.digest);
  expect(await collect(memory.registry)).toMatchObject({ manifests: 1 });
});

test("an image that is pushed again is marked by the names that keep images then", async () => {
  const more = { annotations: { "dev.berth.keep": "x", "com.example.deployed": "y" } };
  await pushImage(memory.registry, "1.0", { reference: "1.0", more });
  await memory.registry.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "keep-labels", value: ["com.example.deployed"], nowMs: 1 }),
  );
  await pushImage(memory.registry, "1.0", { reference: "1.0", more });
  expect(await apply()).toMatchObject({ expired: 0 });
});

test("a label keeps no image that has got the number of the one whose label was read", async () => {
  const { registry } = memory;
  const config = await pushBlob(registry, JSON.stringify({ config: { Labels: { "dev.berth.keep": "live" } } }));
  const first = await pushManifest(registry, imageManifest({ config, layers: [] }), { reference: "first" });
  let isReplaced = false;
  const replacing = withStorage(registry, {
    async read(key, options) {
      if (!isReplaced && key === blobKeyOf(config.digest)) {
        isReplaced = true;
        await remove(registry, first.digest);
        await pushImage(registry, "other", { reference: "other" });
      }
      return registry.storage.read(key, options);
    },
  });
  await readExpiryLabels(replacing, 10);
  expect(isReplaced).toBe(true);
  expect(await apply()).toMatchObject({ expired: 1 });
  expect(await tags()).toEqual([]);
});
