import { describe, expect, test } from "bun:test";

import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { errorCodes } from "../support/http-client.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { locationIn, pushBlob, pushImage, pushManifest, putManifest } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const accept = {
  accept: [OCI_IMAGE_MANIFEST, OCI_IMAGE_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST].join(", "),
};

interface Prepared {
  readonly repository: string;
  readonly config: Content;
  readonly layer: Content;
}

async function prepare(): Promise<Prepared> {
  const repository = newRepository();
  const config = await pushBlob(registry(), repository, contentOf("{}"));
  const layer = await pushBlob(registry(), repository, contentOf(`layer ${crypto.randomUUID()}`));
  return { repository, config, layer };
}

/** Pushes `content` and expects to get the same bytes back, under its digest and the tag. */
async function expectKept(repository: string, content: Content, mediaType: string): Promise<void> {
  await pushManifest(registry(), { repository, reference: "kept", content, mediaType });
  for (const reference of ["kept", content.digest]) {
    const pulled = await registry().get(`/v2/${repository}/manifests/${reference}`, accept);
    expect(pulled.status).toBe(200);
    expect(pulled.bytes).toEqual(content.bytes);
    expect(pulled.headers.get("content-type")).toBe(mediaType);
  }
}

describe("pushing manifests", () => {
  test("end-7: Upon a successful upload, the registry MUST return 201 Created and a Location that is a pullable manifest URL", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    for (const reference of ["latest", content.digest]) {
      const answer = await putManifest(registry(), { repository, reference, content });
      expect(answer.status).toBe(201);
      const pulled = await registry().get(locationIn(registry(), answer), accept);
      expect([pulled.status, pulled.text]).toEqual([200, new TextDecoder().decode(content.bytes)]);
    }
  });

  test("end-7: Docker-Content-Digest MUST be equal to the client provided digest", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    const answer = await putManifest(registry(), { repository, reference: content.digest, content });
    expect(answer.headers.get("docker-content-digest")).toBe(content.digest);
  });

  test("end-7: The registry MUST store the manifest in the exact byte representation provided by the client", async () => {
    const { repository, config, layer } = await prepare();
    const odd = { "org.example.unknown": [1, { nested: null }], annotations: { é: "ü\u2028", "": "" } };
    const compact = new TextDecoder().decode(imageManifest({ config, layers: [layer], more: odd }).bytes);
    const spaced = contentOf(`\n ${JSON.stringify(JSON.parse(compact), undefined, 3)}\t\r\n`);
    await expectKept(repository, spaced, OCI_IMAGE_MANIFEST);
  });

  test("end-7: The list of blobs MAY be empty", async () => {
    const { repository, config } = await prepare();
    await expectKept(repository, imageManifest({ config, layers: [] }), OCI_IMAGE_MANIFEST);
  });

  test("end-7: A manifest can be pushed again", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    for (const reference of ["a", "a", "b", content.digest]) {
      expect((await putManifest(registry(), { repository, reference, content })).status).toBe(201);
    }
  });

  test("end-7: A tag moves to the manifest that was pushed last, and the one before stays", async () => {
    const repository = newRepository();
    const [first, second] = [
      await pushImage(registry(), repository, "moving"),
      await pushImage(registry(), repository, "moving"),
    ];
    const pulled = await registry().get(`/v2/${repository}/manifests/moving`, accept);
    expect(pulled.bytes).toEqual(second.manifest.bytes);
    expect((await registry().head(`/v2/${repository}/manifests/${first.manifest.digest}`, accept)).status).toBe(200);
  });

  test("end-7: If the digest does not match the manifest, it is refused with 400", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    const { digest } = contentOf("something else");
    const answer = await putManifest(registry(), { repository, reference: digest, content });
    expect(answer.status).toBe(400);
    expect((await registry().head(`/v2/${repository}/manifests/${digest}`, accept)).status).toBe(404);
  });

  test("end-7: The registry SHOULD ignore parameters on the Content-Type header", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    const mediaType = `${OCI_IMAGE_MANIFEST}; charset=utf-8`;
    expect((await putManifest(registry(), { repository, reference: "latest", content, mediaType })).status).toBe(201);
  });

  test("end-7: Registries SHOULD support manifests of at least 4 megabytes", async () => {
    const { repository, config } = await prepare();
    const content = imageManifest({ config, layers: [], more: { annotations: { padding: "x".repeat(4_000_000) } } });
    await expectKept(repository, content, OCI_IMAGE_MANIFEST);
  });

  test("end-7: A manifest over the limit SHOULD be answered with 413 Payload Too Large", async () => {
    const { repository, config } = await prepare();
    const content = imageManifest({ config, layers: [], more: { annotations: { padding: "x".repeat(5_000_000) } } });
    expect((await putManifest(registry(), { repository, reference: "large", content })).status).toBe(413);
  });
});

describe("kinds of manifests", () => {
  test("end-7: an artifact with an artifact type and an empty config", async () => {
    const { repository, config, layer } = await prepare();
    const more = { artifactType: "application/vnd.example.thing.v1" };
    await expectKept(repository, imageManifest({ config, layers: [layer], more }), OCI_IMAGE_MANIFEST);
  });

  test("end-7: an index of images", async () => {
    const repository = newRepository();
    const children = [await pushImage(registry(), repository), await pushImage(registry(), repository)];
    await expectKept(repository, imageIndex(children.map(({ manifest }) => manifest)), OCI_IMAGE_INDEX);
  });

  test("end-7: an index of indexes", async () => {
    const repository = newRepository();
    const { manifest } = await pushImage(registry(), repository);
    const inner = imageIndex([manifest]);
    await pushManifest(registry(), { repository, reference: inner.digest, content: inner, mediaType: OCI_IMAGE_INDEX });
    const outer = contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_INDEX,
        manifests: [descriptorOf(inner, OCI_IMAGE_INDEX)],
      }),
    );
    await expectKept(repository, outer, OCI_IMAGE_INDEX);
  });

  test("end-7: an index of nothing", async () => {
    const { repository } = await prepare();
    await expectKept(repository, imageIndex([]), OCI_IMAGE_INDEX);
  });

  test("end-7: data inside a descriptor", async () => {
    const { repository, config, layer } = await prepare();
    const withData = descriptorOf(config, "application/vnd.oci.image.config.v1+json", { data: "e30=" });
    const content = imageManifest({ config, layers: [layer], more: { config: withData } });
    await expectKept(repository, content, OCI_IMAGE_MANIFEST);
  });

  test("end-7: layers that are not distributable and not there", async () => {
    const { repository, config } = await prepare();
    const type = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const layers = [descriptorOf(contentOf("never pushed"), type)];
    await expectKept(repository, imageManifest({ config, layers: [], more: { layers } }), OCI_IMAGE_MANIFEST);
  });

  test("Docker schema 2: an image and a list of images", async () => {
    const { repository, config, layer } = await prepare();
    const image = contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: DOCKER_MANIFEST,
        config: descriptorOf(config, "application/vnd.docker.container.image.v1+json"),
        layers: [descriptorOf(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip")],
      }),
    );
    await expectKept(repository, image, DOCKER_MANIFEST);
    const platform = { architecture: "amd64", os: "linux" };
    const list = contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: DOCKER_MANIFEST_LIST,
        manifests: [descriptorOf(image, DOCKER_MANIFEST, { platform })],
      }),
    );
    await expectKept(repository, list, DOCKER_MANIFEST_LIST);
  });
});

describe("manifests that name what is not there", () => {
  test("end-7: When a manifest is rejected for this reason, it MUST result in one or more MANIFEST_BLOB_UNKNOWN errors", async () => {
    const { repository, config } = await prepare();
    const content = imageManifest({ config, layers: [contentOf("absent 1"), contentOf("absent 2")] });
    const answer = await putManifest(registry(), { repository, reference: "latest", content });
    expect([400, 404]).toContain(answer.status);
    expect(new Set(errorCodes(answer))).toEqual(new Set(["MANIFEST_BLOB_UNKNOWN"]));
    expect(errorCodes(answer)).toHaveLength(2);
    expect((await registry().head(`/v2/${repository}/manifests/latest`, accept)).status).toBe(404);
  });

  test("end-7: An index whose children are not there results in MANIFEST_BLOB_UNKNOWN", async () => {
    const { repository } = await prepare();
    const content = imageIndex([contentOf("absent")]);
    const push = { repository, reference: "latest", content, mediaType: OCI_IMAGE_INDEX };
    const answer = await putManifest(registry(), push);
    expect([400, 404]).toContain(answer.status);
    expect(errorCodes(answer)).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
  });

  test("end-7: A registry MUST initially accept an otherwise valid manifest with a subject that does not exist", async () => {
    const { repository, config, layer } = await prepare();
    const subject = descriptorOf(contentOf(`absent ${repository}`), OCI_IMAGE_MANIFEST);
    await expectKept(repository, imageManifest({ config, layers: [layer], more: { subject } }), OCI_IMAGE_MANIFEST);
    await expectKept(repository, imageIndex([], { subject }), OCI_IMAGE_INDEX);
  });
});

describe("tags that are pushed with a digest (the specification after 1.1)", () => {
  test("end-7: PUT by digest with ?tag= points each tag at the manifest and names them in OCI-Tag", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    const tags = Array.from({ length: 10 }, (_, index) => `tag${index}`);
    const reference = `${content.digest}?${tags.map((tag) => `tag=${tag}`).join("&")}`;
    const answer = await putManifest(registry(), { repository, reference, content });
    expect(answer.status).toBe(201);
    expect((answer.headers.get("oci-tag") ?? "").split(/, */)).toEqual(tags);
    for (const tag of tags) {
      const { headers } = await registry().head(`/v2/${repository}/manifests/${tag}`, accept);
      expect(headers.get("docker-content-digest")).toBe(content.digest);
    }
  });

  test("end-7: Too many tags SHOULD be answered with 414", async () => {
    const { repository, config, layer } = await prepare();
    const content = imageManifest({ config, layers: [layer] });
    const tags = Array.from({ length: 500 }, (_, index) => `tag=t${index}`).join("&");
    const answer = await putManifest(registry(), { repository, reference: `${content.digest}?${tags}`, content });
    expect(answer.status).toBe(414);
  });
});
