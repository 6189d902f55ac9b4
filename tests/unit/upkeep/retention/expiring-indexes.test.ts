import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../../../src/oci/index.ts";
import { judgeRepository, readExpiryLabels } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { type Content, descriptorOf, imageIndex, imageManifest } from "../../../support/oci-content.ts";
import { app, pushBlob, pushIndex, pushManifest, remove } from "../gc/collected-registry.ts";

const HOUR_MS = 3_600_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ deleteEnabled: true });
});
afterEach(() => memory.close());

async function image(labels: object, annotations = {}): Promise<Content> {
  const config = await pushBlob(memory.registry, JSON.stringify({ config: { Labels: labels } }));
  return pushManifest(memory.registry, imageManifest({ config, layers: [], more: { annotations } }));
}
const lasting = (age: string) => image({ "quay.expires-after": age });
const plain = () => image({});

/** As `docker buildx build --push` makes it: beside each image is how it was made. */
async function built(images: readonly Content[], attested: object): Promise<Content> {
  const attestation = await image({ made: "so" });
  const manifests = [
    ...images.map((child) => descriptorOf(child, OCI_IMAGE_MANIFEST)),
    descriptorOf(attestation, OCI_IMAGE_MANIFEST, attested),
  ];
  return pushManifest(memory.registry, imageIndex([], { manifests }), {
    reference: "pr-1",
    contentType: OCI_IMAGE_INDEX,
  });
}
const byAnnotation = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
const byPlatform = { platform: { os: "unknown", architecture: "unknown" } };

/** What becomes of the tag, when all labels are read. */
async function judge() {
  const { registry, clock } = memory;
  while ((await readExpiryLabels(registry, 10)) > 0);
  const judged = await judgeRepository(registry.metadata.reads, { repository: app, nowMs: clock.atMs });
  return judged?.verdicts.find(({ tag }) => (tag as string) === "pr-1") ?? expect.unreachable();
}
const hoursLeft = async () => {
  const { expiresAtMs, pushedAtMs } = await judge();
  return expiresAtMs === null ? null : (expiresAtMs - pushedAtMs) / HOUR_MS;
};

describe("the tag of an index", () => {
  test.each([byAnnotation, byPlatform])(
    "lasts as long as its image says, beside an attestation: %j",
    async (attested) => {
      await built([await lasting("6h")], attested);
      expect(await hoursLeft()).toBe(6);
    },
  );

  test("lasts as long as the image that says the shortest, by a label or an annotation", async () => {
    await pushIndex(memory.registry, [await lasting("2d"), await lasting("6h"), await lasting("1w")], "pr-1");
    expect(await hoursLeft()).toBe(6);
    const annotated = await image({ "quay.expires-after": "1h" }, { "dev.berth.expires-after": "3h" });
    await pushIndex(memory.registry, [await lasting("2d"), annotated], "pr-1");
    expect(await hoursLeft()).toBe(3);
  });

  test.each<[string, () => Promise<Content>]>([
    ["says nothing", plain],
    ["says it wrongly", () => image({ "quay.expires-after": "6h" }, { "dev.berth.expires-after": "soon" })],
    ["is an index", async () => pushIndex(memory.registry, [await lasting("1h")])],
  ])("stays where one of its images %s", async (_, make) => {
    await pushIndex(memory.registry, [await lasting("6h"), await make()], "pr-1");
    expect(await hoursLeft()).toBeNull();
  });

  test("stays where one of its images is gone, and where it has nothing but attestations", async () => {
    const gone = await lasting("1h");
    await pushIndex(memory.registry, [await lasting("6h"), gone], "pr-1");
    await remove(memory.registry, gone.digest);
    expect(await hoursLeft()).toBeNull();
    await built([], byPlatform);
    expect(await hoursLeft()).toBeNull();
  });

  test("lasts as long as the index itself says", async () => {
    const contentType = OCI_IMAGE_INDEX;
    const index = imageIndex([await lasting("6h")], { annotations: { "dev.berth.expires-after": "2d" } });
    await pushManifest(memory.registry, index, { reference: "pr-1", contentType });
    expect(await hoursLeft()).toBe(48);
  });

  test("stays beyond that while any of its images says that it is to stay", async () => {
    const marked = await image({ "quay.expires-after": "1h", "dev.berth.keep": "live in eu" });
    await pushIndex(memory.registry, [await lasting("6h"), marked], "pr-1");
    expect(await hoursLeft()).toBe(1);
    memory.clock.atMs += HOUR_MS;
    expect(await judge()).toMatchObject({ isKept: true, hasExpired: true, reason: "marked dev.berth.keep=live in eu" });
  });
});
