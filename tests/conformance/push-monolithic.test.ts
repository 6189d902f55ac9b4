import { describe, expect, test } from "bun:test";

import { contentOf } from "../support/oci-content.ts";
import { locationIn, octetStream, startUpload, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const blobOf = () => contentOf(`blob ${crypto.randomUUID()}`);

describe("POST then PUT", () => {
  test("end-4a: Upon success, the response MUST have a code of 202 Accepted, and MUST include the header Location", async () => {
    const answer = await registry().post(`/v2/${newRepository()}/blobs/uploads/`);
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBeTruthy();
  });

  test("end-4a: Registries MUST support concurrent uploads, each with a Location of its own", async () => {
    const repository = newRepository();
    const places = await Promise.all([1, 2, 3].map(() => startUpload(registry(), repository)));
    expect(new Set(places).size).toBe(3);
  });

  test("end-6: Upon successful completion, the response MUST have code 201 Created and a Location that is a pullable blob URL", async () => {
    const blob = blobOf();
    const url = withQuery(await startUpload(registry(), newRepository()), { digest: blob.digest });
    const answer = await registry().put(url, { body: blob.bytes, headers: octetStream });
    expect(answer.status).toBe(201);
    const pulled = await registry().get(locationIn(registry(), answer));
    expect([pulled.status, pulled.text]).toEqual([200, new TextDecoder().decode(blob.bytes)]);
  });

  test("end-6: The header Docker-Content-Digest of the answer is the digest that was asked for", async () => {
    const blob = blobOf();
    const url = withQuery(await startUpload(registry(), newRepository()), { digest: blob.digest });
    const answer = await registry().put(url, { body: blob.bytes, headers: octetStream });
    expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
  });

  test("end-6: The blob is pullable from the repository after the push, and from no other", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    const url = withQuery(await startUpload(registry(), repository), { digest: blob.digest });
    await registry().put(url, { body: blob.bytes, headers: octetStream });
    expect((await registry().head(`/v2/${repository}/blobs/${blob.digest}`)).status).toBe(200);
    expect((await registry().head(`/v2/${newRepository()}/blobs/${blob.digest}`)).status).toBe(404);
  });

  test("end-6: The digest MUST match the blob's digest: otherwise 400, and nothing is kept", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    const url = withQuery(await startUpload(registry(), repository), { digest: blob.digest });
    const answer = await registry().put(url, { body: "something else", headers: octetStream });
    expect(answer.status).toBe(400);
    expect((await registry().head(`/v2/${repository}/blobs/${blob.digest}`)).status).toBe(404);
  });

  test.each(["", "sha256:", "sha256:nothex", "md5:d41d8cd98f00b204e9800998ecf8427e"])(
    "end-6: If the client provided digest (%j) is invalid or of an unsupported algorithm, the registry SHOULD respond with 400",
    async (digest) => {
      const url = withQuery(await startUpload(registry(), newRepository()), { digest });
      expect((await registry().put(url, { body: "x", headers: octetStream })).status).toBe(400);
    },
  );

  test("end-6: The closing PUT MUST include the digest: without it 400", async () => {
    const url = await startUpload(registry(), newRepository());
    expect((await registry().put(url, { body: "x", headers: octetStream })).status).toBe(400);
  });

  test("end-6: A blob that is there already can be pushed again", async () => {
    const [blob, repository] = [blobOf(), newRepository()];
    for (const _ of [1, 2]) {
      const url = withQuery(await startUpload(registry(), repository), { digest: blob.digest });
      expect((await registry().put(url, { body: blob.bytes, headers: octetStream })).status).toBe(201);
    }
  });

  test("end-6: A blob may have no bytes", async () => {
    const blob = contentOf("");
    const url = withQuery(await startUpload(registry(), newRepository()), { digest: blob.digest });
    const answer = await registry().put(url, { headers: octetStream });
    expect(answer.status).toBe(201);
    expect((await registry().get(locationIn(registry(), answer))).bytes.byteLength).toBe(0);
  });
});

describe("single POST", () => {
  test("end-4b: Successful completion of the request MUST return a 201 Created and MUST include a Location that is a pullable blob URL", async () => {
    const blob = blobOf();
    const path = `/v2/${newRepository()}/blobs/uploads/?digest=${blob.digest}`;
    const answer = await registry().post(path, { body: blob.bytes, headers: octetStream });
    expect(answer.status).toBe(201);
    const pulled = await registry().get(locationIn(registry(), answer));
    expect([pulled.status, pulled.text]).toEqual([200, new TextDecoder().decode(blob.bytes)]);
  });

  test("end-4b: Registries that do not support it SHOULD return a 202 Accepted and Location, so that a PUT can follow", async () => {
    const blob = blobOf();
    const path = `/v2/${newRepository()}/blobs/uploads/?digest=${blob.digest}`;
    const answer = await registry().post(path, { body: blob.bytes, headers: octetStream });
    expect([201, 202]).toContain(answer.status);
    if (answer.status === 201) return;
    const url = withQuery(locationIn(registry(), answer), { digest: blob.digest });
    expect((await registry().put(url, { body: blob.bytes, headers: octetStream })).status).toBe(201);
  });

  test("end-4b: The digest MUST match the blob's digest: otherwise 400", async () => {
    const path = `/v2/${newRepository()}/blobs/uploads/?digest=${blobOf().digest}`;
    expect((await registry().post(path, { body: "something else", headers: octetStream })).status).toBe(400);
  });

  test("end-4b: If the client provided digest is invalid, the registry SHOULD respond with 400", async () => {
    const path = `/v2/${newRepository()}/blobs/uploads/?digest=sha256:nothex`;
    expect((await registry().post(path, { body: "x", headers: octetStream })).status).toBe(400);
  });
});
