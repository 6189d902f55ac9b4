import { describe, expect, test } from "bun:test";

import { OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Answer, errorCodes, type HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, putManifest, startUpload, withQuery } from "../support/push-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const absent = contentOf("nobody pushed this").digest;
const accept = { accept: OCI_IMAGE_MANIFEST };

interface Case {
  readonly when: string;
  readonly status: number;
  readonly code: string;
  readonly ask: (http: HttpClient, repository: string) => Promise<Answer>;
}

/** The repository has one blob. */
const CASES: readonly Case[] = [
  {
    when: "code-1: a blob is unknown",
    status: 404,
    code: "BLOB_UNKNOWN",
    ask: (http, repository) => http.get(`/v2/${repository}/blobs/${absent}`),
  },
  {
    when: "code-3: an upload is unknown",
    status: 404,
    code: "BLOB_UPLOAD_UNKNOWN",
    ask: async (http, repository) => {
      const url = await startUpload(http, repository);
      await http.delete(url);
      return http.patch(url, { body: "x" });
    },
  },
  {
    when: "code-4: a digest did not match the uploaded content",
    status: 400,
    code: "DIGEST_INVALID",
    ask: async (http, repository) =>
      http.put(withQuery(await startUpload(http, repository), { digest: absent }), { body: "x" }),
  },
  {
    when: "code-4: a digest is malformed",
    status: 400,
    code: "DIGEST_INVALID",
    ask: async (http, repository) =>
      http.put(withQuery(await startUpload(http, repository), { digest: "sha256:x" }), { body: "x" }),
  },
  {
    when: "code-5: a manifest references a blob unknown to the registry",
    status: 400,
    code: "MANIFEST_BLOB_UNKNOWN",
    ask: (http, repository) => {
      const content = imageManifest({ config: contentOf("absent config"), layers: [] });
      return putManifest(http, { repository, reference: "latest", content });
    },
  },
  {
    when: "code-6: a manifest is invalid",
    status: 400,
    code: "MANIFEST_INVALID",
    ask: (http, repository) => putManifest(http, { repository, reference: "latest", content: contentOf("{") }),
  },
  {
    when: "code-7: a manifest is unknown",
    status: 404,
    code: "MANIFEST_UNKNOWN",
    ask: (http, repository) => http.get(`/v2/${repository}/manifests/absent`, accept),
  },
  {
    when: "code-9: a repository is unknown",
    status: 404,
    code: "NAME_UNKNOWN",
    ask: (http) => http.get(`/v2/${newRepository()}/tags/list`),
  },
];

describe("error codes", () => {
  test.each(CASES)("$when → $status $code", async ({ ask, status, code }) => {
    const repository = newRepository();
    await pushBlob(registry(), repository, contentOf("{}"));
    const answer = await ask(registry(), repository);
    expect([answer.status, errorCodes(answer)]).toEqual([status, [code]]);
    expect(answer.headers.get("content-type")).toStartWith("application/json");
  });

  test("code-8: an invalid repository name is no repository, and a JSON body MUST have the form of errors", async () => {
    for (const path of ["/v2/UPPER/tags/list", "/v2/a__-b/manifests/latest", "/v2/-a/blobs/uploads/"]) {
      const answer = path.endsWith("/") ? await registry().post(path) : await registry().get(path);
      expect([400, 404]).toContain(answer.status);
      expect(errorCodes(answer)).toEqual(["NAME_INVALID"]);
    }
  });

  test("code-10: a length that did not match the content", async () => {
    const url = await startUpload(registry(), newRepository());
    const answer = await registry().patch(url, { body: "12345", headers: { "content-range": "0-9" } });
    expect([answer.status, errorCodes(answer)]).toEqual([400, ["SIZE_INVALID"]]);
  });

  test("code-13: an operation that is unsupported", async () => {
    const answer = await registry().post(`/v2/${newRepository()}/tags/list`);
    expect([answer.status, errorCodes(answer)]).toEqual([405, ["UNSUPPORTED"]]);
  });
});
