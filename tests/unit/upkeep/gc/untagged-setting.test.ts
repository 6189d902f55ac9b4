import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { explainContent, getManifest, noteSettingsChange } from "../../../../src/registry/index.ts";
import type { Content } from "../../../support/oci-content.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { app, collect, pushImage, remove } from "./collected-registry.ts";

const DAY_MS = 86_400_000;
const other = "other/app" as RepositoryName;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + 1000;
});
afterEach(() => memory.close());

const say = (node: string, value: unknown) =>
  memory.registry.metadata.transaction(async (queries) => {
    await putNodeSetting(queries, { path: node, name: "untagged", value, nowMs: 1 });
    await noteSettingsChange(queries, { node, nowMs: memory.clock.atMs });
  });
const isThere = ({ digest }: Content, repository = app) =>
  Promise.try(() => getManifest(memory.registry, repository, { kind: "digest", digest })).then(
    () => true,
    () => false,
  );
const keeperOf = async ({ digest }: Content, untagged: "keep" | "remove" = "keep") => {
  const options = { untagged, nowMs: memory.clock.atMs };
  return (await explainContent(memory.registry.metadata.reads, digest, options)).manifests[0]?.keeper;
};

describe("untagged manifests", () => {
  test("go below the node that says so, and stay elsewhere", async () => {
    const { registry } = memory;
    const image = await pushImage(registry, "one");
    const elsewhere = await pushImage(registry, "two", { repository: other });
    await say("team", { rule: "remove" });
    expect(await keeperOf(image)).toBeUndefined();
    expect(await keeperOf(elsewhere)).toEqual({ kind: "untagged-rule", node: undefined });
    expect(await collect(registry)).toMatchObject({ manifests: 1 });
    expect([await isThere(image), await isThere(elsewhere, other)]).toEqual([false, true]);
  });

  test("stay below the node that says so, whatever is configured", async () => {
    const { registry } = memory;
    const image = await pushImage(registry, "one");
    await say("team/app", { rule: "keep" });
    expect(await keeperOf(image, "remove")).toEqual({ kind: "untagged-rule", node: "team/app" });
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0 });
  });

  test("that were judged before go when the rule changes, those of before included", async () => {
    const { registry } = memory;
    const image = await pushImage(registry, "one");
    await collect(registry);
    expect(await collect(registry, { untagged: "remove" })).toMatchObject({ manifests: 0 });
    await say("", { rule: "remove" });
    expect(await collect(registry)).toMatchObject({ manifests: 1 });
    expect(await isThere(image)).toBe(false);
  });

  test("go when they have had no tag for the time that the node says", async () => {
    const { registry, clock } = memory;
    await say("team", { rule: "remove", after: "7d" });
    const image = await pushImage(registry, "one");
    const untilMs = clock.atMs + 7 * DAY_MS;
    clock.atMs += 2 * DAY_MS;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 0 });
    expect(await keeperOf(image)).toEqual({ kind: "untagged-age", node: "team", untilMs });
    clock.atMs = untilMs - 1;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ candidates: 0 });
    clock.atMs = untilMs;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 1 });
  });

  test("that had a tag meanwhile have their time anew", async () => {
    const { registry, clock } = memory;
    await say("team", { rule: "remove", after: "30d" });
    const image = await pushImage(registry, "one");
    clock.atMs += 2 * DAY_MS;
    await collect(registry, { windowMs: DAY_MS });
    await pushImage(registry, "one", { reference: "latest" });
    await remove(registry, "latest");
    // The tag went now, by the clock of the database.
    clock.atMs = Date.now() + 30 * DAY_MS - 60_000;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 0 });
    clock.atMs = Date.now() + 30 * DAY_MS + 60_000;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 1 });
    expect(await isThere(image)).toBe(false);
  });

  test("wait no longer because a run with a shorter window has looked at them", async () => {
    const { registry, clock } = memory;
    await say("team", { rule: "remove", after: "30d" });
    await pushImage(registry, "one");
    const usual = { windowMs: DAY_MS, usualWindowMs: DAY_MS };
    clock.atMs += 2 * DAY_MS;
    expect(await collect(registry, { ...usual, windowMs: 0 })).toMatchObject({ manifests: 0 });
    clock.atMs += 28 * DAY_MS;
    expect(await collect(registry, usual)).toMatchObject({ manifests: 1 });
  });

  test("wait no longer than a changed rule says", async () => {
    const { registry, clock } = memory;
    await say("team", { rule: "remove", after: "30d" });
    await pushImage(registry, "one");
    clock.atMs += 5 * DAY_MS;
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 0 });
    await say("team", { rule: "remove", after: "3d" });
    expect(await collect(registry, { windowMs: DAY_MS })).toMatchObject({ manifests: 1 });
  });
});
