import { describe, expect, test } from "bun:test";

import { contentOf } from "../support/oci-content.ts";
import { locationIn, octetStream, startUpload, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();

/** A body that is sent with `Transfer-Encoding: chunked`. */
function streamOf(...texts: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const text of texts) {
        controller.enqueue(new TextEncoder().encode(text));
        await Bun.sleep(1);
      }
      controller.close();
    },
  });
}

describe("pushing a blob as a stream, as Docker does", () => {
  test("end-5: A PATCH without Content-Range and Content-Length adds all that comes", async () => {
    const url = await startUpload(registry(), newRepository());
    const answer = await registry().patch(url, { body: streamOf("some", " ", "bytes"), headers: octetStream });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("range")).toBe("0-9");
    const closing = withQuery(locationIn(registry(), answer), { digest: contentOf("some bytes").digest });
    const closed = await registry().put(closing);
    expect(closed.status).toBe(201);
    expect((await registry().get(locationIn(registry(), closed))).text).toBe("some bytes");
  });

  test("end-5: A stream of no bytes is none", async () => {
    const url = await startUpload(registry(), newRepository());
    const answer = await registry().patch(url, { body: streamOf(), headers: octetStream });
    expect(answer.status).toBe(202);
    const closing = withQuery(locationIn(registry(), answer), { digest: contentOf("").digest });
    expect((await registry().put(closing)).status).toBe(201);
  });

  test("end-6: The closing PUT may be a stream", async () => {
    const url = withQuery(await startUpload(registry(), newRepository()), { digest: contentOf("some bytes").digest });
    const answer = await registry().put(url, { body: streamOf("some ", "bytes"), headers: octetStream });
    expect(answer.status).toBe(201);
    expect((await registry().get(locationIn(registry(), answer))).text).toBe("some bytes");
  });
});
