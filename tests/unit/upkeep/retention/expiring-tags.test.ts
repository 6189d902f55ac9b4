import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import { judgeRepository, listTags } from "../../../../src/registry/index.ts";
import { applyRetention } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { imageManifest } from "../../../support/oci-content.ts";
import { app, pushBlob, pushImage, pushManifest } from "../gc/collected-registry.ts";

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
