import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_MANIFEST, type Tag } from "../../../../src/oci/index.ts";
import { judgeRepository, listSimulated } from "../../../../src/registry/index.ts";
import type { RetentionRule } from "../../../../src/registry/retention/retention-rule.ts";
import { applyRetention } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import type { Content } from "../../../support/oci-content.ts";
import { app, pushImage, pushIndex, remove } from "../../upkeep/gc/collected-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ deleteEnabled: true });
});
afterEach(() => memory.close());

const holdOnly = (...tags: string[]) =>
  memory.registry.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "retention", value: [{ tags }], nowMs: 1 }),
  );
const image = (tag: string, more = {}) => pushImage(memory.registry, tag, { reference: tag, more });
const index = (tag: string, ...children: Content[]) => pushIndex(memory.registry, children, tag);

/** Each tag that stays, and why. */
async function stay() {
  const { reads } = memory.registry.metadata;
  const { verdicts = [] } = (await judgeRepository(reads, { repository: app, nowMs: memory.clock.atMs })) ?? {};
  return Object.fromEntries(verdicts.flatMap(({ tag, isKept, reason }) => (isKept ? [[tag as string, reason]] : [])));
}
async function goingInRun() {
  const gone: Tag[] = [];
  const { signal } = new AbortController();
  const onExpired = (_: unknown, { tag }: { tag: Tag }) => gone.push(tag);
  await applyRetention({ registry: memory.registry, run: "run", signal, restFactor: 0, onExpired });
  return gone.map(String);
}
async function goingInSimulation(rules: readonly RetentionRule[]) {
  const nowMs = memory.clock.atMs;
  const query = { node: "team", after: "", limit: 100, sinceMs: nowMs, everyMs: 1, nowMs };
  const tried = { value: rules, node: "team" };
  const { items } = await listSimulated(memory.registry.metadata.reads, { ...query, rules: tried });
  return items.map(({ tag }) => String(tag));
}

const KEPT = "rule 1 of team: keeps all that it is about";

describe("the tags of an index' images", () => {
  test("stay with it, over whatever indexes between", async () => {
    await holdOnly("all", "multi");
    const amd64 = await image("amd64");
    const arm64 = await image("arm64");
    const windows = await image("windows");
    await image("other");
    const linux = await index("linux", amd64, arm64);
    await index("all", linux, windows);
    await index("multi", amd64);
    const expected = {
      all: KEPT,
      multi: KEPT,
      amd64: "referred to by all",
      arm64: "referred to by all",
      linux: "referred to by all",
      windows: "referred to by all",
    };
    expect(await stay()).toEqual(expected);
    expect(await goingInSimulation([{ tags: ["all", "multi"] }])).toEqual(["other"]);
    expect(await goingInRun()).toEqual(["other"]);
    expect(await stay()).toEqual(expected);
  });

  test("stay beyond their own end, and with an index that something else keeps", async () => {
    const child = await image("pr-1", { annotations: { "dev.berth.expires-at": "2001-01-01T00:00:00Z" } });
    await index("multi", child);
    memory.clock.atMs = Date.UTC(2026, 0);
    expect(await stay()).toMatchObject({ "pr-1": "referred to by multi" });
  });

  test("go with it, and without it; the index first", async () => {
    await holdOnly("none");
    const amd64 = await image("amd64");
    await index("multi", amd64);
    expect(await goingInRun()).toEqual(["multi", "amd64"]);
    const arm64 = await image("arm64");
    await index("more", arm64);
    await holdOnly("more");
    expect(await stay()).toMatchObject({ arm64: "referred to by more" });
    await remove(memory.registry, "more");
    expect(await stay()).toEqual({});
  });
});

test("an image does not stay for what is attached to it", async () => {
  await holdOnly("signature");
  const { digest, bytes } = await image("signed");
  await image("signature", { subject: { mediaType: OCI_IMAGE_MANIFEST, digest, size: bytes.byteLength } });
  expect(await stay()).toEqual({ signature: KEPT });
});
