import { describe, expect, test } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { contentOf, imageIndex } from "../support/oci-content.ts";
import { pushBlob, type PushedImage, pushImage, pushManifest } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const accept = { accept: `${OCI_IMAGE_MANIFEST}, ${OCI_IMAGE_INDEX}` };

/** An image with the tags `a` and `b`. */
async function twice(): Promise<{ repository: string; image: PushedImage }> {
  const repository = newRepository();
  const image = await pushImage(registry(), repository, "a");
  await pushManifest(registry(), { repository, reference: "b", content: image.manifest });
  return { repository, image };
}

async function statusOf(repository: string, reference: string): Promise<number> {
  return (await registry().get(`/v2/${repository}/manifests/${reference}`, accept)).status;
}

describe("deleting tags", () => {
  test("end-9: Upon success, the registry MUST respond with a 202 Accepted code", async () => {
    const { repository } = await twice();
    expect((await registry().delete(`/v2/${repository}/manifests/a`)).status).toBe(202);
  });

  test("end-9: Once deleted, a GET to the tag will return a 404", async () => {
    const { repository } = await twice();
    await registry().delete(`/v2/${repository}/manifests/a`);
    expect(await statusOf(repository, "a")).toBe(404);
  });

  test("end-9: The manifest and its other tags stay", async () => {
    const { repository, image } = await twice();
    await registry().delete(`/v2/${repository}/manifests/a`);
    expect(await statusOf(repository, image.manifest.digest)).toBe(200);
    expect((await registry().get(`/v2/${repository}/tags/list`)).json()).toEqual({ name: repository, tags: ["b"] });
  });

  test("end-9: A tag that is not there is 404 Not Found", async () => {
    const { repository } = await twice();
    expect((await registry().delete(`/v2/${repository}/manifests/absent`)).status).toBe(404);
    expect((await registry().delete(`/v2/${newRepository()}/manifests/absent`)).status).toBe(404);
  });
});

describe("deleting manifests", () => {
  test("end-9: Upon success, the registry MUST respond with a 202 Accepted code", async () => {
    const { repository, image } = await twice();
    expect((await registry().delete(`/v2/${repository}/manifests/${image.manifest.digest}`)).status).toBe(202);
  });

  test("end-9: Once deleted, a GET to the digest and any tag pointing to that digest will return a 404", async () => {
    const { repository, image } = await twice();
    await registry().delete(`/v2/${repository}/manifests/${image.manifest.digest}`);
    for (const reference of ["a", "b", image.manifest.digest]) expect(await statusOf(repository, reference)).toBe(404);
    expect((await registry().get(`/v2/${repository}/tags/list`)).json()).toEqual({ name: repository, tags: [] });
  });

  test("end-9: If the repository or the manifest does not exist, the response MUST return 404 Not Found", async () => {
    const { repository, image } = await twice();
    const { digest } = contentOf("absent");
    expect((await registry().delete(`/v2/${newRepository()}/manifests/${digest}`)).status).toBe(404);
    expect((await registry().delete(`/v2/${repository}/manifests/${digest}`)).status).toBe(404);
    await registry().delete(`/v2/${repository}/manifests/${image.manifest.digest}`);
    expect((await registry().delete(`/v2/${repository}/manifests/${image.manifest.digest}`)).status).toBe(404);
  });

  test("end-9: An index can be deleted, and its children stay", async () => {
    const { repository, image } = await twice();
    const content = imageIndex([image.manifest]);
    await pushManifest(registry(), { repository, reference: "i", content, mediaType: OCI_IMAGE_INDEX });
    expect((await registry().delete(`/v2/${repository}/manifests/${content.digest}`)).status).toBe(202);
    expect(await statusOf(repository, image.manifest.digest)).toBe(200);
  });

  test("end-9: A deleted manifest can be pushed again", async () => {
    const { repository, image } = await twice();
    await registry().delete(`/v2/${repository}/manifests/${image.manifest.digest}`);
    await pushManifest(registry(), { repository, reference: "again", content: image.manifest });
    expect(await statusOf(repository, "again")).toBe(200);
  });
});

describe("deleting blobs", () => {
  test("end-10: Upon success, the registry MUST respond with code 202 Accepted, and the blob is gone", async () => {
    const repository = newRepository();
    const { digest } = await pushBlob(registry(), repository, contentOf(`blob ${repository}`));
    expect((await registry().delete(`/v2/${repository}/blobs/${digest}`)).status).toBe(202);
    expect((await registry().get(`/v2/${repository}/blobs/${digest}`)).status).toBe(404);
  });

  test("end-10: If the blob is not found, a 404 Not Found code MUST be returned", async () => {
    const repository = newRepository();
    const { digest } = await pushBlob(registry(), repository, contentOf(`blob ${repository}`));
    expect((await registry().delete(`/v2/${repository}/blobs/${contentOf("absent").digest}`)).status).toBe(404);
    expect((await registry().delete(`/v2/${newRepository()}/blobs/${digest}`)).status).toBe(404);
  });

  test("end-10: It stays in other repositories", async () => {
    const [one, other] = [newRepository(), newRepository()];
    const blob = await pushBlob(registry(), one, contentOf(`blob ${one}`));
    await pushBlob(registry(), other, blob);
    await registry().delete(`/v2/${one}/blobs/${blob.digest}`);
    expect((await registry().get(`/v2/${other}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes);
  });

  test("end-10: A deleted blob can be pushed again", async () => {
    const repository = newRepository();
    const blob = await pushBlob(registry(), repository, contentOf(`blob ${repository}`));
    await registry().delete(`/v2/${repository}/blobs/${blob.digest}`);
    await pushBlob(registry(), repository, blob);
    expect((await registry().get(`/v2/${repository}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes);
  });
});
