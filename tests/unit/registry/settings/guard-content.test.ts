import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { putNodeSetting, removeNodeSetting } from "../../../../src/metadata/index.ts";
import { parseReference, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import { deleteBlob, getManifestHead, putManifest } from "../../../../src/registry/index.ts";
import type { SettingName } from "../../../../src/registry/settings/settings.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { imageManifest } from "../../../support/oci-content.ts";
import { app, pushImage, pushIndex, pushManifest, remove } from "../../upkeep/gc/collected-registry.ts";

let memory: MemoryRegistry;

beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

const say = (path: string, name: SettingName, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));
const takeBack = (path: string, name: SettingName) =>
  memory.registry.metadata.transaction((queries) => removeNodeSetting(queries, { path, name }));
const digestAt = async (reference: string) =>
  (await getManifestHead(memory.registry, app, parseReference(reference))).digest;

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "nothing failed",
    (error: unknown) => error,
  );
const denied = async (work: Promise<unknown>, message: string) =>
  expect(await failureOf(work)).toMatchObject({ kind: "denied", message: expect.stringContaining(message) });

describe("an immutable tag", () => {
  test("is made once, pushed again as it is, and neither moved nor deleted", async () => {
    const { registry } = memory;
    await say("team", "immutable-tags", ["v*"]);
    const first = await pushImage(registry, "one", { reference: "v1" });
    await pushManifest(registry, first, { reference: "v1" });
    await denied(pushImage(registry, "two", { reference: "v1" }), 'the tag v1 is immutable by "v*" of team');
    await denied(remove(registry, "v1"), "the tag v1 is immutable");
    await denied(remove(registry, first.digest), `the tag v1 needs ${first.digest}`);
    expect(await digestAt("v1")).toBe(first.digest);
  });

  test("is so for one push of several tags as a whole", async () => {
    const { registry } = memory;
    const first = await pushImage(registry, "one", { reference: "v1" });
    const { bytes: body } = await pushImage(registry, "two", { reference: "other" });
    await say("", "immutable-tags", ["v1"]);
    const push = putManifest(registry, {
      repository: app,
      reference: parseReference("latest"),
      tags: ["v1" as Tag],
      contentType: "application/vnd.oci.image.manifest.v1+json",
      body,
      by: nobody,
    });
    await denied(push, 'the tag v1 is immutable by "v1" of the root');
    expect(await failureOf(digestAt("latest"))).toMatchObject({ kind: "manifest-unknown" });
    expect(await digestAt("v1")).toBe(first.digest);
  });

  test("keeps what its index names, over several, and the blobs", async () => {
    const { registry } = memory;
    const child = await pushImage(registry, "child");
    const index = await pushIndex(registry, [child]);
    await pushIndex(registry, [index], "v1");
    await pushImage(registry, "free", { reference: "latest" });
    await say("team/app", "immutable-tags", ["v*"]);
    await denied(remove(registry, child.digest), "the tag v1 needs");
    await denied(remove(registry, index.digest), "the tag v1 needs");
    const blob = { repository: app, digest: child.layer.digest, by: nobody };
    await denied(deleteBlob(registry, blob), "the tag v1 needs");
    await takeBack("team/app", "immutable-tags");
    await deleteBlob(registry, blob);
    await remove(registry, child.digest);
  });

  test("is none where a nearer node says others", async () => {
    const { registry } = memory;
    await say("team", "immutable-tags", ["*"]);
    await say("team/app", "immutable-tags", ["v*"]);
    await pushImage(registry, "one", { reference: "latest" });
    await pushImage(registry, "two", { reference: "latest" });
    await remove(registry, "latest");
    const other = "team/other" as RepositoryName;
    await pushImage(registry, "one", { reference: "latest", repository: other });
    await denied(pushImage(registry, "two", { reference: "latest", repository: other }), '"*" of team');
  });

  test("holds nothing that is only attached to it", async () => {
    const { registry } = memory;
    await say("team", "immutable-tags", ["v*"]);
    const image = await pushImage(registry, "one", { reference: "v1" });
    const subject = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image.digest, size: 1 };
    const signature = await pushManifest(
      registry,
      imageManifest({ config: image.config, layers: [], more: { subject } }),
    );
    await remove(registry, signature.digest);
  });
});

describe("a protected repository", () => {
  test("loses nothing until that is taken back", async () => {
    const { registry } = memory;
    const image = await pushImage(registry, "one", { reference: "latest" });
    await say("team", "protected", true);
    await denied(remove(registry, "latest"), "team/app is protected by team");
    await denied(remove(registry, image.digest), "is protected");
    await denied(deleteBlob(registry, { repository: app, digest: image.layer.digest, by: nobody }), "is protected");
    await pushImage(registry, "two", { reference: "latest" });
    await say("team/app", "protected", false);
    await remove(registry, "latest");
    await remove(registry, image.digest);
  });

  test("says of what is not there that it is not there", async () => {
    await pushImage(memory.registry, "one", { reference: "latest" });
    await say("team", "protected", true);
    expect(await failureOf(remove(memory.registry, "other"))).toMatchObject({ kind: "manifest-unknown" });
  });
});
