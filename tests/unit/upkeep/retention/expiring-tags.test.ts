import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { findRepositoryId, putNodeSetting } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, type Tag } from "../../../../src/oci/index.ts";
import { getManifest, judgeRepository, listTags, rollBackTag } from "../../../../src/registry/index.ts";
import { startReadingLabels } from "../../../../src/upkeep/index.ts";
import { applyRetention } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { imageManifest } from "../../../support/oci-content.ts";
import { until } from "../../../support/until.ts";
import { logTo } from "../../http/health/log-to.ts";
import { app, collect, pushBlob, pushImage, pushIndex, pushManifest } from "../gc/collected-registry.ts";

const HOUR_MS = 3_600_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

const apply = () =>
  applyRetention({ registry: memory.registry, run: "run-1", signal: new AbortController().signal, restFactor: 0 });
const tagsOf = async () =>
  (await listTags(memory.registry, app, { after: "", limit: undefined })).names as readonly string[];
const expiryOf = async (tag: string) => {
  const { reads } = memory.registry.metadata;
  const judged = await judgeRepository(reads, { repository: app, nowMs: memory.clock.atMs });
  return judged?.verdicts.find((verdict) => verdict.tag === tag)?.expiresAtMs;
};

/** As `docker build --label` makes it. */
async function pushLabelled(reference: string, label: string): Promise<void> {
  const { registry } = memory;
  const config = await pushBlob(registry, JSON.stringify({ config: { Labels: { "quay.expires-after": label } } }));
  await pushManifest(registry, imageManifest({ config, layers: [] }), { reference });
}

describe("a tag whose image is marked stays", () => {
  const rule = (value: object[]) =>
    memory.registry.metadata.transaction((queries) =>
      putNodeSetting(queries, { path: "team", name: "retention", value, nowMs: 1 }),
    );
  const pushMarked = async (reference: string, labels: object) => {
    const config = await pushBlob(memory.registry, JSON.stringify({ config: { Labels: labels } }));
    await pushManifest(memory.registry, imageManifest({ config, layers: [] }), { reference });
  };

  test("by an annotation or by a label, if it does not say no", async () => {
    await rule([{ tags: ["none"] }]);
    const annotations = (value: string) => ({ more: { annotations: { "dev.berth.keep": value } } });
    await pushImage(memory.registry, "annotated", { reference: "annotated", ...annotations("deployed in eu") });
    await pushImage(memory.registry, "refused", { reference: "refused", ...annotations("false") });
    await pushMarked("labelled", { "dev.berth.keep": "yes" });
    await pushMarked("other-label", { "dev.berth.kept": "yes" });
    await pushMarked("empty", { "dev.berth.keep": "" });
    expect(await apply()).toMatchObject({ judged: 5, expired: 3 });
    expect(await tagsOf()).toEqual(["annotated", "labelled"]);
    const { reads } = memory.registry.metadata;
    const { verdicts = [] } = (await judgeRepository(reads, { repository: app, nowMs: memory.clock.atMs })) ?? {};
    expect(verdicts.map(({ reason }) => reason)).toEqual([
      "marked dev.berth.keep=deployed in eu",
      "marked dev.berth.keep=yes",
    ]);
  });

  test("whose label was not read when it was judged is judged again", async () => {
    await rule([{ tags: ["none"] }]);
    await pushMarked("first", { "dev.berth.kept": "yes" });
    let calls = 0;
    // The second is right before the transaction that removes.
    const recordPulls = async () => {
      if (++calls === 2) await pushMarked("first", { "dev.berth.keep": "yes" });
    };
    const { registry } = memory;
    const { signal } = new AbortController();
    expect(await applyRetention({ registry, run: "run", signal, restFactor: 0, recordPulls })).toMatchObject({
      expired: 0,
      postponed: 0,
    });
    expect(await tagsOf()).toEqual(["first"]);
  });
});

test("what a tag was rolled back to is judged like any other when it loses that tag again", async () => {
  const { registry, clock } = memory;
  clock.atMs = Date.now();
  const more = { annotations: { "dev.berth.expires-after": "1h" } };
  const { digest } = await pushImage(registry, "expired", { reference: "prod", more });
  clock.atMs += HOUR_MS;
  expect(await apply()).toMatchObject({ expired: 1 });
  await registry.metadata.transaction(async (queries) => {
    const repositoryId = (await findRepositoryId(queries, app)) ?? 0;
    const change = { queries, nowMs: clock.atMs, by: nobody, record: () => Promise.resolve() };
    await rollBackTag(change, { repository: app, repositoryId, tag: "prod" as Tag, target: { digest } });
  });
  await pushImage(registry, "other", { reference: "prod" });
  clock.atMs += 48 * HOUR_MS;
  // Untagged manifests stay here.
  expect(await collect(registry)).toMatchObject({ manifests: 0 });
  expect(await getManifest(registry, app, { kind: "digest", digest })).toMatchObject({ digest });
});

describe("what is kept rightly whatever is said of tags", () => {
  test("a child of an index with a tag, and what refers to it", async () => {
    const { registry, clock } = memory;
    await registry.metadata.transaction((queries) =>
      putNodeSetting(queries, { path: "team", name: "retention", value: [{ tags: ["index"] }], nowMs: 1 }),
    );
    const child = await pushImage(registry, "child", { reference: "child" });
    const index = await pushIndex(registry, [child], "index");
    const more = { subject: { mediaType: OCI_IMAGE_INDEX, digest: index.digest, size: index.bytes.byteLength } };
    const signature = await pushImage(registry, "signature", { reference: "signed", more });
    clock.atMs = Date.now() + HOUR_MS;
    expect(await apply()).toMatchObject({ expired: 1 });
    expect(await tagsOf()).toEqual(["child", "index"]);
    clock.atMs += HOUR_MS;
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0, blobs: 0 });
    for (const { digest } of [child, signature])
      expect(await getManifest(registry, app, { kind: "digest", digest })).toMatchObject({ digest });
  });
});

describe("a tag that says how long it lasts", () => {
  test("by an annotation goes when that has passed, and its image with it", async () => {
    const { registry, clock } = memory;
    const more = { annotations: { "dev.berth.expires-after": "2h" } };
    await pushImage(registry, "one", { reference: "pr-1", more });
    await pushImage(registry, "two", { reference: "stays" });
    expect(await expiryOf("pr-1")).toBe(clock.atMs + 2 * HOUR_MS);
    clock.atMs += 2 * HOUR_MS - 1;
    expect(await apply()).toMatchObject({ expired: 0 });
    clock.atMs += 1;
    expect(await apply()).toMatchObject({ repositories: 1, expired: 1 });
    expect(await tagsOf()).toEqual(["stays"]);
  });

  test("by a label of its image does as well", async () => {
    const { clock } = memory;
    await pushLabelled("pr-1", "1d");
    const expiresAtMs = clock.atMs + 24 * HOUR_MS;
    clock.atMs += HOUR_MS;
    expect(await apply()).toMatchObject({ expired: 0 });
    expect(await expiryOf("pr-1")).toBe(expiresAtMs);
    clock.atMs = expiresAtMs;
    expect(await apply()).toMatchObject({ expired: 1 });
  });

  test("by a label is known soon after the push", async () => {
    const { registry, clock } = memory;
    const reading = startReadingLabels({ registry, log: logTo([]), everyMs: 5 });
    await pushLabelled("pr-1", "1d");
    await until("the label was read", async () => (await expiryOf("pr-1")) === clock.atMs + 24 * HOUR_MS);
    await reading.stop();
  });

  test("has its time anew when it is pushed again, and for good without saying so", async () => {
    const { registry, clock } = memory;
    await pushLabelled("pr-1", "1d");
    await pushLabelled("pr-2", "1d");
    await apply();
    clock.atMs += 23 * HOUR_MS;
    await pushLabelled("pr-1", "1d");
    await pushImage(registry, "other", { reference: "pr-2" });
    await apply();
    clock.atMs += 2 * HOUR_MS;
    expect(await apply()).toMatchObject({ expired: 0 });
    clock.atMs += 22 * HOUR_MS;
    expect(await apply()).toMatchObject({ expired: 1 });
    expect(await tagsOf()).toEqual(["pr-2"]);
  });

  test("stays if it is immutable or kept", async () => {
    const { registry, clock } = memory;
    const more = { annotations: { "dev.berth.expires-after": "2h" } };
    for (const reference of ["v1", "prod", "pr-1"]) await pushImage(registry, reference, { reference, more });
    await registry.metadata.transaction(async (queries) => {
      await putNodeSetting(queries, { path: "", name: "immutable-tags", value: ["v*"], nowMs: 1 });
      await putNodeSetting(queries, { path: "", name: "kept-tags", value: ["prod"], nowMs: 1 });
    });
    clock.atMs += 3 * HOUR_MS;
    expect(await apply()).toMatchObject({ expired: 1 });
    expect(await tagsOf()).toEqual(["prod", "v1"]);
  });
});
