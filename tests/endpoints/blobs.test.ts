import { describe } from "bun:test";

import { contentOf } from "../support/oci-content.ts";
import { pushBlob } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { ABSENT, IMAGE, LAYER, pushSample } from "./sample.ts";

const http = clientWith({}, async (http) => {
  await pushSample(http, "app");
  await pushBlob(http, "app", EMPTY);
  await pushBlob(http, "other", contentOf("other"));
});

const EMPTY = contentOf("");
const path = `/v2/app/blobs/${LAYER.digest}`;
const described = {
  "content-type": "application/octet-stream",
  "docker-content-digest": LAYER.digest,
  etag: `"${LAYER.digest}"`,
  "cache-control": "max-age=31536000",
  "accept-ranges": "bytes",
  // A browser must not show what somebody pushed.
  "content-disposition": "attachment",
};

describe("GET of a blob", () => {
  testRows(http, [
    {
      about: "gives its bytes",
      ask: `GET ${path}`,
      status: 200,
      answers: { ...described, "content-length": "10", "content-range": null },
      bytes: LAYER.bytes,
    },
    { about: "gives them under the path with slash", ask: `GET ${path}/`, status: 200, bytes: LAYER.bytes },
    { about: "gives them to mirrors", ask: `GET ${path}?ns=docker.io`, status: 200, bytes: LAYER.bytes },
    {
      about: "packs nothing",
      ask: `GET ${path}`,
      headers: { "accept-encoding": "zstd, gzip, deflate" },
      status: 200,
      answers: { "content-encoding": null },
      bytes: LAYER.bytes,
    },
    {
      about: "gives one without bytes",
      ask: `GET /v2/app/blobs/${EMPTY.digest}`,
      status: 200,
      answers: { "content-length": "0" },
      text: "",
    },
    { about: "that is not there", ask: `GET /v2/app/blobs/${ABSENT}`, status: 404, code: "BLOB_UNKNOWN" },
    {
      about: "that another repository has",
      ask: `GET /v2/other/blobs/${LAYER.digest}`,
      status: 404,
      code: "BLOB_UNKNOWN",
    },
    { about: "of no repository", ask: `GET /v2/nobody/blobs/${LAYER.digest}`, status: 404, code: "BLOB_UNKNOWN" },
    { about: "that is a manifest", ask: `GET /v2/app/blobs/${IMAGE.digest}`, status: 404, code: "BLOB_UNKNOWN" },
    { about: "without digest", ask: "GET /v2/app/blobs/latest", status: 400, code: "DIGEST_INVALID" },
    { about: "with a short digest", ask: "GET /v2/app/blobs/sha256:abc", status: 400, code: "DIGEST_INVALID" },
    {
      about: "with a digest in upper case",
      ask: `GET /v2/app/blobs/sha256:${LAYER.digest.slice(7).toUpperCase()}`,
      status: 400,
      code: "DIGEST_INVALID",
    },
    { about: "in upper case", ask: `GET /v2/App/blobs/${LAYER.digest}`, status: 400, code: "NAME_INVALID" },
  ]);
});

describe("HEAD of a blob", () => {
  testRows(http, [
    {
      about: "describes it",
      ask: `HEAD ${path}`,
      status: 200,
      answers: { ...described, "content-length": "10" },
      text: "",
    },
    { about: "knows no ranges", ask: `HEAD ${path}`, headers: { range: "bytes=0-1" }, status: 200, text: "" },
    { about: "that is not there", ask: `HEAD /v2/app/blobs/${ABSENT}`, status: 404, text: "" },
    { about: "with a bad digest", ask: "HEAD /v2/app/blobs/x", status: 400, text: "" },
  ]);
});

describe("GET of a part of a blob", () => {
  const part = (range: string, text: string, contentRange: string): Row => ({
    about: `gives it (${range})`,
    ask: `GET ${path}`,
    headers: { range },
    status: 206,
    answers: { ...described, "content-range": contentRange, "content-length": String(text.length) },
    text,
  });
  const whole = (range: string): Row => ({
    about: `gives all (${range})`,
    ask: `GET ${path}`,
    headers: { range },
    status: 200,
    answers: { ...described, "content-range": null },
    bytes: LAYER.bytes,
  });
  const none = (range: string): Row => ({
    about: `finds nothing (${range})`,
    ask: `GET ${path}`,
    headers: { range },
    status: 416,
    code: "RANGE_INVALID",
    answers: { "content-range": "bytes */10" },
  });
  testRows(http, [
    part("bytes=0-0", "0", "bytes 0-0/10"),
    part("bytes=2-5", "2345", "bytes 2-5/10"),
    part("bytes=7-", "789", "bytes 7-9/10"),
    part("bytes=-3", "789", "bytes 7-9/10"),
    part("bytes=0-9", "0123456789", "bytes 0-9/10"),
    part("bytes=0-", "0123456789", "bytes 0-9/10"),
    part("bytes=-100", "0123456789", "bytes 0-9/10"),
    part("bytes=5-99999999999999", "56789", "bytes 5-9/10"),
    part("Bytes=7-", "789", "bytes 7-9/10"),
    whole("bytes=5-2"),
    whole("bytes=0-1,3-4"),
    whole("lines=0-1"),
    whole("nonsense"),
    none("bytes=10-"),
    none("bytes=10-20"),
    none("BYTES=10-"),
    none("bytes=-0"),
    {
      about: "of nothing",
      ask: `GET /v2/app/blobs/${EMPTY.digest}`,
      headers: { range: "bytes=0-" },
      status: 416,
      code: "RANGE_INVALID",
      answers: { "content-range": "bytes */0" },
    },
    {
      about: "gives it while the content is the same",
      ask: `GET ${path}`,
      headers: { range: "bytes=2-5", "if-range": `"${LAYER.digest}"` },
      status: 206,
      text: "2345",
    },
    {
      about: "gives all when the content is another",
      ask: `GET ${path}`,
      headers: { range: "bytes=2-5", "if-range": `"${ABSENT}"` },
      status: 200,
      bytes: LAYER.bytes,
    },
  ]);
});

describe("GET of a blob that the client has", () => {
  const known: Row = {
    about: "sends nothing",
    ask: `GET ${path}`,
    status: 304,
    answers: { etag: `"${LAYER.digest}"` },
    text: "",
  };
  testRows(http, [
    { ...known, headers: { "if-none-match": `"${LAYER.digest}"` } },
    { ...known, headers: { "if-none-match": LAYER.digest } },
    { ...known, headers: { "if-none-match": `"x", W/"${LAYER.digest}"` } },
    { ...known, headers: { "if-none-match": "*" } },
    { ...known, ask: `HEAD ${path}`, headers: { "if-none-match": `"${LAYER.digest}"` } },
    { ...known, headers: { "if-none-match": `"${LAYER.digest}"`, range: "bytes=0-1" } },
    {
      about: "sends it when it has another",
      ask: `GET ${path}`,
      headers: { "if-none-match": `"${ABSENT}"` },
      status: 200,
      bytes: LAYER.bytes,
    },
  ]);
});

describe("DELETE of a blob", () => {
  testRows(http, [
    {
      about: "takes it from the repository",
      given: pushSample,
      ask: `DELETE /v2/{repo}/blobs/${LAYER.digest}`,
      status: 202,
      answers: { "content-length": "0" },
      text: "",
    },
    {
      about: "leaves it to the others",
      given: async (http, repository) => {
        await pushSample(http, repository);
        await http.delete(`/v2/${repository}/blobs/${LAYER.digest}`);
      },
      ask: `GET ${path}`,
      status: 200,
      bytes: LAYER.bytes,
    },
    {
      about: "cannot be done twice",
      given: async (http, repository) => {
        await pushSample(http, repository);
        await http.delete(`/v2/${repository}/blobs/${LAYER.digest}`);
      },
      ask: `DELETE /v2/{repo}/blobs/${LAYER.digest}`,
      status: 404,
      code: "BLOB_UNKNOWN",
    },
    { about: "that is not there", ask: `DELETE /v2/app/blobs/${ABSENT}`, status: 404, code: "BLOB_UNKNOWN" },
    { about: "of no repository", ask: `DELETE /v2/nobody/blobs/${LAYER.digest}`, status: 404, code: "BLOB_UNKNOWN" },
    { about: "with a bad digest", ask: "DELETE /v2/app/blobs/x", status: 400, code: "DIGEST_INVALID" },
  ]);
});

describe("a blob's methods", () => {
  const allow = "DELETE, GET, HEAD";
  testRows(http, [
    { about: "are told", ask: `OPTIONS ${path}`, status: 200, answers: { allow } },
    { about: "are no others", ask: `PUT ${path}`, body: "x", status: 405, code: "UNSUPPORTED", answers: { allow } },
    { about: "are no others", ask: `POST ${path}`, body: "x", status: 405, code: "UNSUPPORTED", answers: { allow } },
    { about: "are no others", ask: `PATCH ${path}`, body: "x", status: 405, code: "UNSUPPORTED", answers: { allow } },
  ]);
});
