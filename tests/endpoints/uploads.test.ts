import { describe } from "bun:test";

import type { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { octetStream, startUpload, withQuery } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { ABSENT, LAYER, pushSample } from "./sample.ts";

const http = clientWith({}, (http) => pushSample(http, "app"));

const BLOB = contentOf("some bytes");
const sessionAt = (repository: string) =>
  new RegExp(`http://127\\.0\\.0\\.1:\\d+/v2/${repository}/blobs/uploads/[0-9a-f-]{36}`);
const started = { range: "0-0", "docker-upload-uuid": /[0-9a-f-]{36}/, "content-length": "0" };
const made = (digest: string) => ({
  location: `{url}/v2/{repo}/blobs/${digest}`,
  "docker-content-digest": digest,
  "content-length": "0",
});

describe("POST of an upload", () => {
  testRows(http, [
    {
      about: "starts one",
      ask: "POST /v2/fresh/blobs/uploads/",
      status: 202,
      answers: { ...started, location: sessionAt("fresh") },
      text: "",
    },
    {
      about: "starts one without slash",
      ask: "POST /v2/fresh/blobs/uploads",
      status: 202,
      answers: { ...started, location: sessionAt("fresh") },
    },
    {
      about: "starts one for a name that looks like the interface",
      ask: "POST /v2/a/blobs/uploads/b/blobs/uploads/",
      status: 202,
      answers: { location: sessionAt("a/blobs/uploads/b") },
    },
    { about: "names an algorithm", ask: "POST /v2/{repo}/blobs/uploads/?digest-algorithm=sha512", status: 202 },
    {
      about: "names an unknown algorithm",
      ask: "POST /v2/{repo}/blobs/uploads/?digest-algorithm=md5",
      status: 400,
      code: "DIGEST_INVALID",
    },
    { about: "in upper case", ask: "POST /v2/Fresh/blobs/uploads/", status: 400, code: "NAME_INVALID" },
    {
      about: "brings the whole blob",
      ask: `POST /v2/{repo}/blobs/uploads/?digest=${BLOB.digest}`,
      body: BLOB.bytes,
      status: 201,
      answers: made(BLOB.digest),
    },
    {
      about: "brings the whole blob of no bytes",
      ask: `POST /v2/{repo}/blobs/uploads/?digest=${contentOf("").digest}`,
      status: 201,
      answers: made(contentOf("").digest),
    },
    {
      about: "brings something else",
      ask: `POST /v2/{repo}/blobs/uploads/?digest=${BLOB.digest}`,
      body: "other bytes",
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      about: "brings a bad digest",
      ask: "POST /v2/{repo}/blobs/uploads/?digest=x",
      body: "x",
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      about: "brings an empty digest",
      ask: "POST /v2/{repo}/blobs/uploads/?digest=",
      body: "x",
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});

describe("POST of a mount", () => {
  const accepted = { about: "", status: 202, answers: { range: "0-0" } } as const;
  testRows(http, [
    {
      about: "takes a blob from another repository",
      ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}&from=app`,
      status: 201,
      answers: made(LAYER.digest),
    },
    {
      about: "finds the blob by itself",
      ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}`,
      status: 201,
      answers: made(LAYER.digest),
    },
    {
      about: "finds the blob by itself when from is empty",
      ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}&from=`,
      status: 201,
      answers: made(LAYER.digest),
    },
    {
      about: "takes a blob from the repository itself",
      ask: `POST /v2/app/blobs/uploads/?mount=${LAYER.digest}&from=app`,
      status: 201,
    },
    { ...accepted, about: "of an absent blob", ask: `POST /v2/{repo}/blobs/uploads/?mount=${ABSENT}&from=app` },
    { ...accepted, about: "of an absent blob from anywhere", ask: `POST /v2/{repo}/blobs/uploads/?mount=${ABSENT}` },
    { ...accepted, about: "from nobody", ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}&from=nobody` },
    { ...accepted, about: "from a bad name", ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}&from=No/Body` },
    {
      about: "of a bad digest",
      ask: "POST /v2/{repo}/blobs/uploads/?mount=latest&from=app",
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});

/** A started upload with these bytes in it. */
const uploadOf =
  (text: string) =>
  async (http: HttpClient, repository: string): Promise<string> => {
    const url = await startUpload(http, repository);
    if (text !== "") await http.patch(url, { body: text, headers: octetStream });
    return url;
  };

const at =
  (method: string, query: Readonly<Record<string, string>> = {}) =>
  (url: unknown): string =>
    `${method} ${withQuery(String(url), query)}`;

const kept = (lastByte: number) => ({
  location: /http:\/\/127\.0\.0\.1:\d+\/v2\/row\/number\d+\/blobs\/uploads\/[0-9a-f-]{36}/,
  range: `0-${lastByte}`,
  "docker-upload-uuid": /[0-9a-f-]{36}/,
});

describe("GET of an upload", () => {
  testRows(http, [
    { about: "that is empty", given: uploadOf(""), ask: at("GET"), status: 204, answers: kept(0) },
    { about: "that has one byte", given: uploadOf("x"), ask: at("GET"), status: 204, answers: kept(0) },
    { about: "that has ten", given: uploadOf("0123456789"), ask: at("GET"), status: 204, answers: kept(9) },
    { about: "by HEAD", given: uploadOf("0123456789"), ask: at("HEAD"), status: 204, answers: kept(9) },
    {
      about: "that nobody started",
      ask: "GET /v2/{repo}/blobs/uploads/nothing",
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
    {
      about: "under another repository",
      given: uploadOf("x"),
      ask: (url) => `GET ${String(url).replace(/row\/number\d+/, "app")}`,
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
  ]);
});

describe("PATCH of an upload", () => {
  const ten = uploadOf("0123456789");
  const outOfOrder: Omit<Row, "about" | "headers"> = {
    given: ten,
    ask: at("PATCH"),
    body: "abcde",
    status: 416,
    code: "RANGE_INVALID",
  };
  testRows(http, [
    { about: "adds bytes", given: ten, ask: at("PATCH"), body: "abc", status: 202, answers: kept(12), text: "" },
    { about: "adds none", given: ten, ask: at("PATCH"), status: 202, answers: kept(9) },
    {
      about: "adds a chunk",
      given: ten,
      ask: at("PATCH"),
      body: "abcde",
      headers: { "content-range": "10-14" },
      status: 202,
      answers: kept(14),
    },
    {
      about: "adds a chunk that names a unit",
      given: ten,
      ask: at("PATCH"),
      body: "abcde",
      headers: { "content-range": "bytes 10-14/*" },
      status: 202,
      answers: kept(14),
    },
    {
      about: "does not mind the content type",
      given: ten,
      ask: at("PATCH"),
      body: "abc",
      headers: { "content-type": "text/plain" },
      status: 202,
      answers: kept(12),
    },
    { ...outOfOrder, about: "after a gap", headers: { "content-range": "11-15" }, answers: kept(9) },
    { ...outOfOrder, about: "backwards", headers: { "content-range": "14-10" } },
    { ...outOfOrder, about: "nowhere", headers: { "content-range": "here" } },
    {
      about: "shorter than its range",
      given: ten,
      ask: at("PATCH"),
      body: "abc",
      headers: { "content-range": "10-14" },
      status: 400,
      code: "SIZE_INVALID",
    },
    {
      about: "that nobody started",
      ask: "PATCH /v2/{repo}/blobs/uploads/nothing",
      body: "x",
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
  ]);
});

describe("PUT of an upload", () => {
  const whole = uploadOf("some bytes");
  testRows(http, [
    {
      about: "ends it",
      given: whole,
      ask: at("PUT", { digest: BLOB.digest }),
      status: 201,
      answers: made(BLOB.digest),
      text: "",
    },
    {
      about: "brings all the bytes",
      given: uploadOf(""),
      ask: at("PUT", { digest: BLOB.digest }),
      body: "some bytes",
      status: 201,
      answers: made(BLOB.digest),
    },
    {
      about: "brings the last bytes",
      given: uploadOf("some "),
      ask: at("PUT", { digest: BLOB.digest }),
      body: "bytes",
      headers: { "content-range": "5-9" },
      status: 201,
      answers: made(BLOB.digest),
    },
    {
      about: "brings bytes out of order",
      given: whole,
      ask: at("PUT", { digest: BLOB.digest }),
      body: "abc",
      headers: { "content-range": "5-7" },
      status: 416,
      code: "RANGE_INVALID",
      answers: kept(9),
    },
    { about: "has no digest", given: whole, ask: at("PUT"), status: 400, code: "DIGEST_INVALID" },
    { about: "has an empty digest", given: whole, ask: at("PUT", { digest: "" }), status: 400, code: "DIGEST_INVALID" },
    { about: "has a bad digest", given: whole, ask: at("PUT", { digest: "x" }), status: 400, code: "DIGEST_INVALID" },
    {
      about: "has another digest",
      given: whole,
      ask: at("PUT", { digest: ABSENT }),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      about: "with another digest ends it too",
      given: async (http, repository) => {
        const url = await whole(http, repository);
        await http.put(withQuery(url, { digest: ABSENT }));
        return url;
      },
      ask: at("GET"),
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
    {
      about: "without digest leaves it",
      given: async (http, repository) => {
        const url = await whole(http, repository);
        await http.put(url);
        return url;
      },
      ask: at("PUT", { digest: BLOB.digest }),
      status: 201,
      answers: made(BLOB.digest),
    },
    {
      about: "cannot be done twice",
      given: async (http, repository) => {
        const url = await whole(http, repository);
        await http.put(withQuery(url, { digest: BLOB.digest }));
        return url;
      },
      ask: at("PUT", { digest: BLOB.digest }),
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
  ]);
});

describe("DELETE of an upload", () => {
  testRows(http, [
    {
      about: "ends it",
      given: uploadOf("x"),
      ask: at("DELETE"),
      status: 204,
      answers: { "docker-upload-uuid": /[0-9a-f-]{36}/ },
    },
    {
      about: "cannot be done twice",
      given: async (http, repository) => {
        const url = await startUpload(http, repository);
        await http.delete(url);
        return url;
      },
      ask: at("DELETE"),
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
  ]);
});

describe("an upload's methods", () => {
  testRows(http, [
    {
      about: "of all",
      ask: "GET /v2/{repo}/blobs/uploads/",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "POST" },
    },
    {
      about: "of one",
      given: uploadOf(""),
      ask: at("POST"),
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "DELETE, GET, HEAD, PATCH, PUT" },
    },
  ]);
});
