import { afterEach, beforeEach, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { explainContent, noteSettingsChange } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import type { Content } from "../../../support/oci-content.ts";
import { app, collect, pushImage, pushIndex, remove } from "./collected-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  // Some of the times on record are the database's own.
  memory.clock.atMs = Date.now() + 1000;
});
afterEach(() => memory.close());

const protect = (node: string, value: boolean) =>
  memory.registry.metadata.transaction(async (queries) => {
    await putNodeSetting(queries, { path: node, name: "protected", value, nowMs: 1 });
    await noteSettingsChange(queries, { node, nowMs: memory.clock.atMs });
  });
const clean = () => collect(memory.registry, { untagged: "remove" });
const keeperOf = async ({ digest }: Content) => {
  const options = { untagged: "remove", nowMs: memory.clock.atMs } as const;
  return (await explainContent(memory.registry.metadata.reads, digest, options)).manifests[0]?.keeper;
};

test("a manifest without a tag stays where its repository is protected, and goes once it is no more", async () => {
  const image = await pushImage(memory.registry, "one");
  await pushImage(memory.registry, "two", { repository: "other/app" as RepositoryName });
  await protect("team", true);
  expect(await keeperOf(image)).toEqual({ kind: "protected", node: "team" });
  expect(await clean()).toMatchObject({ manifests: 1, blobs: 2 });
  expect(await clean()).toMatchObject({ candidates: 0 });
  await protect("team", false);
  expect(await clean()).toMatchObject({ manifests: 1, blobs: 2 });
});

test("a node below that is not protected loses what nothing names", async () => {
  await pushImage(memory.registry, "one");
  await protect("team", true);
  await protect(app, false);
  expect(await clean()).toMatchObject({ manifests: 1 });
});

test("what has lost its index stays there, and goes once it is protected no more, also where untagged manifests stay", async () => {
  const child = await pushImage(memory.registry, "child");
  const index = await pushIndex(memory.registry, [child]);
  await remove(memory.registry, index.digest);
  await protect("", true);
  expect(await collect(memory.registry)).toMatchObject({ manifests: 0 });
  expect(await keeperOf(child)).toEqual({ kind: "protected", node: "" });
  await protect("", false);
  expect(await collect(memory.registry)).toMatchObject({ manifests: 1 });
});

test("a signature under a tag of cosign's kind stays there when its image is gone", async () => {
  const image = await pushImage(memory.registry, "one", { reference: "1.0" });
  const reference = `${image.digest.replace(":", "-")}.sig`;
  const signature = await pushImage(memory.registry, "signature", { reference });
  await remove(memory.registry, image.digest);
  await protect("team", true);
  expect(await clean()).toMatchObject({ manifests: 0 });
  expect(await keeperOf(signature)).toEqual({ kind: "protected", node: "team" });
});
