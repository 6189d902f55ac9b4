import { describe, expect, test } from "bun:test";

import { digestOf, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { locationIn, octetStream, pushBlob, putManifest, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const accept = { accept: `${OCI_IMAGE_MANIFEST}, ${OCI_IMAGE_INDEX}` };

function sha512Of(content: Content): Content {
  return { bytes: content.bytes, digest: digestOf(content.bytes, "sha512") };
}

const blobOf = () => sha512Of(contentOf(`blob ${crypto.randomUUID()}`));

/** Pushes a blob by POST and PUT and gives the answer to the PUT. */
async function push(repository: string, blob: Content, query = "") {
  const started = await registry().post(`/v2/${repository}/blobs/uploads/${query}`);
  expect(started.status).toBe(202);
  const url = withQuery(locationIn(registry(), started), { digest: blob.digest });
  return registry().put(url, { body: blob.bytes, headers: octetStream });
}

describe("blobs under sha512", () => {
  test.each(["", "?digest-algorithm=sha512", "?digest-algorithm=sha256"])(
    "end-4c, end-6: a blob is pushed after POST %j and answered under its own digest",
    async (query) => {
      const [blob, repository] = [blobOf(), newRepository()];
      const answer = await push(repository, blob, query);
      expect(answer.status).toBe(201);
      expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
      expect(locationIn(registry(), answer)).toEndWith(`/blobs/${blob.digest}`);
    },
  );

  test("end-4c: an algorithm that is not supported is 400 Bad Request", async () => {
    const answer = await registry().post(`/v2/${newRepository()}/blobs/uploads/?digest-algorithm=md5`);
    expect(answer.status).toBe(400);
  });

  test("end-2: GET and HEAD answer with the digest that was asked for", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    await push(repository, blob);
    const path = `/v2/${repository}/blobs/${blob.digest}`;
    for (const answer of [await registry().get(path), await registry().head(path)]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
    }
    expect((await registry().get(path)).bytes).toEqual(blob.bytes);
  });

  test("end-6: the digest MUST match the blob's digest: otherwise 400", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    const answer = await push(repository, { bytes: contentOf("something else").bytes, digest: blob.digest });
    expect(answer.status).toBe(400);
    expect((await registry().head(`/v2/${repository}/blobs/${blob.digest}`)).status).toBe(404);
  });

  test("end-4b: a single POST", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    const path = `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`;
    const answer = await registry().post(path, { body: blob.bytes, headers: octetStream });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
  });

  test("end-5: chunks", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    const started = await registry().post(`/v2/${repository}/blobs/uploads/?digest-algorithm=sha512`);
    const [first, rest] = [blob.bytes.slice(0, 5), blob.bytes.slice(5)];
    const headers = { ...octetStream, "content-range": "0-4" };
    const patched = await registry().patch(locationIn(registry(), started), { body: first, headers });
    const url = withQuery(locationIn(registry(), patched), { digest: blob.digest });
    const closing = { ...octetStream, "content-range": `5-${blob.bytes.byteLength - 1}` };
    const answer = await registry().put(url, { body: rest, headers: closing });
    expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, blob.digest]);
  });

  test("end-11: a mount", async () => {
    const [blob, source] = [blobOf(), newRepository()];
    await push(source, blob);
    const answer = await registry().post(`/v2/${newRepository()}/blobs/uploads/?mount=${blob.digest}&from=${source}`);
    expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, blob.digest]);
  });

  test("end-10: a delete", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    await push(repository, blob);
    expect((await registry().delete(`/v2/${repository}/blobs/${blob.digest}`)).status).toBe(202);
    expect((await registry().head(`/v2/${repository}/blobs/${blob.digest}`)).status).toBe(404);
  });

  test("end-6: the same bytes may be there under both algorithms", async () => {
    const repository = newRepository();
    const plain = await pushBlob(registry(), repository, contentOf(`blob ${repository}`));
    const blob = sha512Of(plain);
    expect((await push(repository, blob)).status).toBe(201);
    for (const { digest } of [plain, blob])
      expect((await registry().get(`/v2/${repository}/blobs/${digest}`)).bytes).toEqual(plain.bytes);
  });
});

describe("manifests under sha512", () => {
  test("end-7: a manifest is pushed and pulled under its sha512 digest", async () => {
    const repository = newRepository();
    const blob = blobOf();
    await push(repository, blob);
    const content = sha512Of(imageManifest({ config: blob, layers: [blob] }));
    const answer = await putManifest(registry(), { repository, reference: content.digest, content });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(content.digest);
    const pulled = await registry().get(locationIn(registry(), answer), accept);
    expect(pulled.bytes).toEqual(content.bytes);
    expect(pulled.headers.get("docker-content-digest")).toBe(content.digest);
  });

  test("end-12a: a subject named by sha512 has its referrers", async () => {
    const repository = newRepository();
    const config = await pushBlob(registry(), repository, contentOf("{}"));
    const subject = sha512Of(imageManifest({ config, layers: [] }));
    await putManifest(registry(), { repository, reference: subject.digest, content: subject });
    const content = imageIndex([], { subject: descriptorOf(subject, OCI_IMAGE_MANIFEST) });
    const push = { repository, reference: content.digest, content, mediaType: OCI_IMAGE_INDEX };
    expect((await putManifest(registry(), push)).headers.get("oci-subject")).toBe(subject.digest);
    const listed = (await registry().get(`/v2/${repository}/referrers/${subject.digest}`)).json();
    expect(listed).toMatchObject({ manifests: [{ digest: content.digest }] });
  });

  test("end-9: a manifest is deleted by its sha512 digest", async () => {
    const repository = newRepository();
    const config = await pushBlob(registry(), repository, contentOf("{}"));
    const content = sha512Of(imageManifest({ config, layers: [] }));
    await putManifest(registry(), { repository, reference: content.digest, content });
    const path = `/v2/${repository}/manifests/${content.digest}`;
    expect((await registry().delete(path)).status).toBe(202);
    expect((await registry().get(path, accept)).status).toBe(404);
  });
});
