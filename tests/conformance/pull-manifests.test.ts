import { beforeAll, describe, expect, test } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { contentOf, imageIndex } from "../support/oci-content.ts";
import { type PushedImage, pushImage, pushManifest } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const repository = newRepository();
const accept = { accept: `${OCI_IMAGE_MANIFEST}, ${OCI_IMAGE_INDEX}` };
const absent = contentOf("nobody pushed this").digest;
let image: PushedImage;

beforeAll(async () => {
  image = await pushImage(registry(), repository, "latest");
});

const path = (reference: string) => `/v2/${repository}/manifests/${reference}`;
const both = () => ["latest", image.manifest.digest];

describe("pulling manifests", () => {
  test("end-3: A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be 200 OK", async () => {
    for (const reference of both()) {
      const answer = await registry().get(path(reference), accept);
      expect(answer.status).toBe(200);
      expect(answer.bytes).toEqual(image.manifest.bytes);
    }
  });

  test("end-3: A successful response MUST contain the digest of the manifest in the header Docker-Content-Digest", async () => {
    for (const reference of both()) {
      const { headers } = await registry().get(path(reference), accept);
      expect(headers.get("docker-content-digest")).toBe(image.manifest.digest);
    }
  });

  test("end-3: In a successful response, the Content-Type header will indicate the type of the returned manifest", async () => {
    expect((await registry().get(path("latest"), accept)).headers.get("content-type")).toBe(OCI_IMAGE_MANIFEST);
    const index = imageIndex([image.manifest]);
    await pushManifest(registry(), { repository, reference: "index", content: index, mediaType: OCI_IMAGE_INDEX });
    expect((await registry().get(path("index"), accept)).headers.get("content-type")).toBe(OCI_IMAGE_INDEX);
  });

  test("end-3: If the manifest is not found in the repository, the response code MUST be 404 Not Found", async () => {
    expect((await registry().get(path("absent"), accept)).status).toBe(404);
    expect((await registry().get(path(absent), accept)).status).toBe(404);
  });

  test("end-3: An attempt to pull a nonexistent repository MUST return response code 404 Not Found", async () => {
    expect((await registry().get(`/v2/${newRepository()}/manifests/latest`, accept)).status).toBe(404);
  });

  test("end-3: A manifest of another repository does not exist in this one", async () => {
    const other = newRepository();
    await pushImage(registry(), other, "latest");
    expect((await registry().get(`/v2/${other}/manifests/${image.manifest.digest}`, accept)).status).toBe(404);
  });
});

describe("checking if manifests exist", () => {
  test("end-3: A HEAD request to an existing manifest URL MUST return 200 OK", async () => {
    for (const reference of both()) {
      const answer = await registry().head(path(reference), accept);
      expect([answer.status, answer.text]).toEqual([200, ""]);
    }
  });

  test("end-3: A successful response MUST contain digest and size in the headers Docker-Content-Digest and Content-Length", async () => {
    for (const reference of both()) {
      const { headers } = await registry().head(path(reference), accept);
      expect(headers.get("docker-content-digest")).toBe(image.manifest.digest);
      expect(headers.get("content-length")).toBe(String(image.manifest.bytes.byteLength));
    }
  });

  test("end-3: If the manifest is not found in the repository, HEAD MUST return 404 Not Found", async () => {
    expect((await registry().head(path("absent"), accept)).status).toBe(404);
    expect((await registry().head(path(absent), accept)).status).toBe(404);
  });
});
