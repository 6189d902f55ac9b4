import { beforeAll, describe, expect, test } from "bun:test";

import { type Content, contentOf } from "../support/oci-content.ts";
import { locationIn, octetStream, pushBlob, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const source = newRepository();
let blob: Content;

beforeAll(async () => {
  blob = await pushBlob(registry(), source, contentOf(`blob ${crypto.randomUUID()}`));
});

const uploads = (repository: string, query: string) => `/v2/${repository}/blobs/uploads/?${query}`;

describe("mounting a blob from another repository", () => {
  test("end-11: The response to a successful mount MUST be 201 Created, and MUST contain a Location that is a pullable blob URL", async () => {
    const target = newRepository();
    const answer = await registry().post(uploads(target, `mount=${blob.digest}&from=${source}`));
    expect(answer.status).toBe(201);
    expect(locationIn(registry(), answer)).toContain(`/v2/${target}/blobs/`);
    expect((await registry().get(locationIn(registry(), answer))).bytes).toEqual(blob.bytes);
  });

  test("end-11: Docker-Content-Digest of the answer is the digest of the blob", async () => {
    const answer = await registry().post(uploads(newRepository(), `mount=${blob.digest}&from=${source}`));
    expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
  });

  test("end-11: The blob stays in the repository that it came from", async () => {
    await registry().post(uploads(newRepository(), `mount=${blob.digest}&from=${source}`));
    expect((await registry().head(`/v2/${source}/blobs/${blob.digest}`)).status).toBe(200);
  });

  test("end-11: If a registry is unable to mount the requested blob, it SHOULD return a 202, and the upload session has begun", async () => {
    const missing = contentOf(`blob ${crypto.randomUUID()}`);
    const answer = await registry().post(uploads(newRepository(), `mount=${missing.digest}&from=${source}`));
    expect(answer.status).toBe(202);
    const url = withQuery(locationIn(registry(), answer), { digest: missing.digest });
    expect((await registry().put(url, { body: missing.bytes, headers: octetStream })).status).toBe(201);
  });

  test("end-11: From a repository that does not exist, or does not have the blob, it is a 202", async () => {
    const other = newRepository();
    await pushBlob(registry(), other, contentOf("another"));
    for (const from of [newRepository(), other]) {
      const answer = await registry().post(uploads(newRepository(), `mount=${blob.digest}&from=${from}`));
      expect(answer.status).toBe(202);
    }
  });

  test("end-11: The registry MAY treat the from parameter as optional, and it MAY cross-mount the blob if it can be found", async () => {
    const answer = await registry().post(uploads(newRepository(), `mount=${blob.digest}`));
    expect([201, 202]).toContain(answer.status);
    if (answer.status === 201) expect((await registry().head(locationIn(registry(), answer))).status).toBe(200);
  });
});
