import { describe, expect, test } from "bun:test";

import type { Answer } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { locationIn, octetStream, startUpload, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const chunks = ["first chunk|", "second chunk, which is longer|", "end"] as const;
const text = chunks.join("");

/** Sends `chunk` as the bytes that start at `firstByte`. */
function patch(url: string, chunk: string, firstByte: number): Promise<Answer> {
  const range = `${firstByte}-${firstByte + chunk.length - 1}`;
  return registry().patch(url, { body: chunk, headers: { ...octetStream, "content-range": range } });
}

/** Starts an upload, sends the first chunk and gives the place to go on at. */
async function uploadFirst(repository = newRepository()): Promise<string> {
  const answer = await patch(await startUpload(registry(), repository), chunks[0], 0);
  expect(answer.status).toBe(202);
  return locationIn(registry(), answer);
}

describe("pushing a blob in chunks", () => {
  test("end-5: The response for each successful chunk upload MUST be 202 Accepted, with the headers Location and Range", async () => {
    const first = await patch(await startUpload(registry(), newRepository()), chunks[0], 0);
    expect(first.status).toBe(202);
    expect(first.headers.get("range")).toBe(`0-${chunks[0].length - 1}`);
    const second = await patch(locationIn(registry(), first), chunks[1], chunks[0].length);
    expect(second.status).toBe(202);
    expect(second.headers.get("range")).toBe(`0-${chunks[0].length + chunks[1].length - 1}`);
  });

  test("end-6: The final chunk MAY be uploaded using a PATCH request", async () => {
    let url = await uploadFirst();
    url = locationIn(registry(), await patch(url, chunks[1], chunks[0].length));
    url = locationIn(registry(), await patch(url, chunks[2], text.length - chunks[2].length));
    const answer = await registry().put(withQuery(url, { digest: contentOf(text).digest }));
    expect(answer.status).toBe(201);
    expect((await registry().get(locationIn(registry(), answer))).text).toBe(text);
  });

  test("end-6: The final chunk MAY be uploaded in the closing PUT request", async () => {
    const url = await uploadFirst();
    const rest = text.slice(chunks[0].length);
    const range = `${chunks[0].length}-${text.length - 1}`;
    const headers = { ...octetStream, "content-range": range };
    const answer = await registry().put(withQuery(url, { digest: contentOf(text).digest }), { body: rest, headers });
    expect(answer.status).toBe(201);
    expect((await registry().get(locationIn(registry(), answer))).text).toBe(text);
  });

  test("end-6: The closing PUT includes the digest of the whole blob, not of the final chunk: otherwise 400", async () => {
    const url = withQuery(await uploadFirst(), { digest: contentOf(chunks[1]).digest });
    expect((await registry().put(url, { body: chunks[1], headers: octetStream })).status).toBe(400);
  });

  test("end-4a: OCI-Chunk-Min-Length, if the registry sends it, is a size in bytes", async () => {
    const answer = await registry().post(`/v2/${newRepository()}/blobs/uploads/`);
    expect(answer.headers.get("oci-chunk-min-length") ?? "0").toMatch(/^\d+$/);
  });
});

describe("chunks out of order", () => {
  test("end-5: If a chunk is uploaded out of order, the registry MUST respond with 416: a first chunk not at 0", async () => {
    const url = await startUpload(registry(), newRepository());
    expect((await patch(url, chunks[0], 7)).status).toBe(416);
  });

  test("end-5: If a chunk is uploaded out of order, the registry MUST respond with 416: after a gap", async () => {
    expect((await patch(await uploadFirst(), chunks[1], chunks[0].length + 1)).status).toBe(416);
  });

  test("end-5: If a chunk is uploaded out of order, the registry MUST respond with 416: once more", async () => {
    expect((await patch(await uploadFirst(), chunks[0], 0)).status).toBe(416);
  });

  test("end-5: If a chunk is uploaded out of order, the registry MUST respond with 416: overlapping", async () => {
    expect((await patch(await uploadFirst(), chunks[1], chunks[0].length - 2)).status).toBe(416);
  });

  test("end-6: 416 is also the answer to a final PUT out of order", async () => {
    const url = withQuery(await uploadFirst(), { digest: contentOf(text).digest });
    const headers = { ...octetStream, "content-range": "500-502" };
    expect((await registry().put(url, { body: "end", headers })).status).toBe(416);
  });

  test("end-13: To get the current status after a 416 error, issue a GET request: the upload goes on from there", async () => {
    const repository = newRepository();
    let url = await uploadFirst(repository);
    expect((await patch(url, chunks[1], 0)).status).toBe(416);
    const status = await registry().get(url);
    expect(status.status).toBe(204);
    expect(status.headers.get("range")).toBe(`0-${chunks[0].length - 1}`);
    url = locationIn(registry(), status);
    const rest = await patch(url, text.slice(chunks[0].length), chunks[0].length);
    expect(rest.status).toBe(202);
    const closing = withQuery(locationIn(registry(), rest), { digest: contentOf(text).digest });
    expect((await registry().put(closing)).status).toBe(201);
  });
});

describe("the status of an upload", () => {
  test("end-13: The response to an active upload MUST be 204 No Content, with the headers Location and Range", async () => {
    const answer = await registry().get(await uploadFirst());
    expect(answer.status).toBe(204);
    expect(answer.headers.get("location")).toBeTruthy();
    expect(answer.headers.get("range")).toBe(`0-${chunks[0].length - 1}`);
  });

  test("end-13: An upload that does not exist is 404 Not Found", async () => {
    const path = `/v2/${newRepository()}/blobs/uploads/${crypto.randomUUID()}`;
    expect((await registry().get(path)).status).toBe(404);
  });

  test("end-13: A finished upload does not exist any more", async () => {
    const url = await startUpload(registry(), newRepository());
    const blob = contentOf("x");
    expect((await registry().put(withQuery(url, { digest: blob.digest }), { body: blob.bytes })).status).toBe(201);
    expect((await registry().get(url)).status).toBe(404);
  });
});

describe("cancelling an upload", () => {
  test("end-14: If successful, the response SHOULD be a 204 No Content response code", async () => {
    expect((await registry().delete(await startUpload(registry(), newRepository()))).status).toBe(204);
  });

  test("end-14: A cancelled upload does not exist any more", async () => {
    const url = await uploadFirst();
    await registry().delete(url);
    expect((await registry().get(url)).status).toBe(404);
    expect((await patch(url, chunks[1], chunks[0].length)).status).toBe(404);
    expect((await registry().put(withQuery(url, { digest: contentOf(chunks[0]).digest }))).status).toBe(404);
    expect((await registry().delete(url)).status).toBe(404);
  });
});
