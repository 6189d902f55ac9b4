import { beforeAll, describe, expect, test } from "bun:test";

import { type Content, contentOf } from "../support/oci-content.ts";
import { pushBlob } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const repository = newRepository();
const text = "0123456789".repeat(100);
const absent = contentOf("nobody pushed this").digest;
let blob: Content;

beforeAll(async () => {
  blob = await pushBlob(registry(), repository, contentOf(text));
});

const path = () => `/v2/${repository}/blobs/${blob.digest}`;

describe("pulling blobs", () => {
  test("end-2: A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be 200 OK", async () => {
    const answer = await registry().get(path());
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(blob.bytes);
    expect(answer.headers.get("content-length")).toBe(String(text.length));
  });

  test("end-2: A successful response MUST contain the digest of the uploaded blob in the header Docker-Content-Digest", async () => {
    expect((await registry().get(path())).headers.get("docker-content-digest")).toBe(blob.digest);
  });

  test("end-2: If the blob is not found in the repository, the response code MUST be 404 Not Found", async () => {
    expect((await registry().get(`/v2/${repository}/blobs/${absent}`)).status).toBe(404);
  });

  test("end-2: An attempt to pull from a nonexistent repository MUST return response code 404 Not Found", async () => {
    expect((await registry().get(`/v2/${newRepository()}/blobs/${blob.digest}`)).status).toBe(404);
  });

  test("end-2: If the client provided digest is invalid, the registry SHOULD respond with 400 Bad Request", async () => {
    expect((await registry().get(`/v2/${repository}/blobs/sha256:short`)).status).toBe(400);
  });

  test("end-2: A blob of no bytes is a blob", async () => {
    const empty = await pushBlob(registry(), repository, contentOf(""));
    const answer = await registry().get(`/v2/${repository}/blobs/${empty.digest}`);
    expect([answer.status, answer.bytes.byteLength, answer.headers.get("content-length")]).toEqual([200, 0, "0"]);
  });
});

describe("checking if blobs exist", () => {
  test("end-2: A HEAD request to an existing blob MUST return 200 OK", async () => {
    const answer = await registry().head(path());
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });

  test("end-2: A successful response MUST contain digest and size in the headers Docker-Content-Digest and Content-Length", async () => {
    const { headers } = await registry().head(path());
    expect(headers.get("docker-content-digest")).toBe(blob.digest);
    expect(headers.get("content-length")).toBe(String(text.length));
  });

  test("end-2: If the blob is not found in the repository, HEAD MUST return 404 Not Found", async () => {
    expect((await registry().head(`/v2/${repository}/blobs/${absent}`)).status).toBe(404);
  });
});

describe("pulling parts of blobs", () => {
  test("end-2: A registry SHOULD support the Range request header in accordance with RFC 9110", async () => {
    const answer = await registry().get(path(), { range: "bytes=5-14" });
    expect([answer.status, answer.text]).toEqual([206, text.slice(5, 15)]);
    expect(answer.headers.get("content-range")).toBe(`bytes 5-14/${text.length}`);
    expect(answer.headers.get("content-length")).toBe("10");
  });

  test("end-2: A Range may be open at its end", async () => {
    const answer = await registry().get(path(), { range: "bytes=990-" });
    expect([answer.status, answer.text]).toEqual([206, text.slice(990)]);
  });

  test("end-2: A Range may count from the end", async () => {
    const answer = await registry().get(path(), { range: "bytes=-7" });
    expect([answer.status, answer.text]).toEqual([206, text.slice(-7)]);
  });

  test("end-2: A Range that has no byte of the blob is not satisfiable", async () => {
    const answer = await registry().get(path(), { range: "bytes=1000-" });
    expect(answer.status).toBe(416);
    expect(answer.headers.get("content-range")).toBe("bytes */1000");
  });
});
