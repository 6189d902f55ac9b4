import { describe, expect, test } from "bun:test";

import { contentOf, descriptorOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushImage, putManifest } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const warning = /^299 - "(?:[^"\\]|\\.)*"$/;

describe("warnings", () => {
  test("Warning headers MUST specify a warn-code of 299 and a warn-agent of -, and MUST NOT specify a warn-date value", async () => {
    const repository = newRepository();
    const config = await pushBlob(registry(), repository, contentOf("{}"));
    const type = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    const layers = [descriptorOf(contentOf("absent"), type)];
    const content = imageManifest({ config, layers: [], more: { layers } });
    const { headers } = await putManifest(registry(), { repository, reference: "latest", content });
    expect(headers.get("warning") ?? "").toMatch(warning);
  });

  test("A registry MUST NOT send more than 4096 bytes of warning data from all headers combined", async () => {
    const repository = newRepository();
    const config = await pushBlob(registry(), repository, contentOf("{}"));
    const type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const layers = Array.from({ length: 200 }, (_, index) => descriptorOf(contentOf(`absent ${index}`), type));
    const content = imageManifest({ config, layers: [], more: { layers } });
    const { headers } = await putManifest(registry(), { repository, reference: "latest", content });
    expect((headers.get("warning") ?? "").length).toBeLessThanOrEqual(4096);
  });

  test("An ordinary push has nothing to warn of", async () => {
    const repository = newRepository();
    const { manifest } = await pushImage(registry(), repository, "latest");
    const answer = await putManifest(registry(), { repository, reference: "again", content: manifest });
    expect(answer.headers.get("warning")).toBeNull();
  });
});
