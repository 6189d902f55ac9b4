import { describe, expect, test } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { connectTo } from "../support/registry-client.ts";
import { startUpload, withQuery } from "../support/push-content.ts";
import { berthWith, clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { imageIndex } from "../support/oci-content.ts";
import { IMAGE, LAYER, pushSample } from "./sample.ts";

const ID = /[0-9a-f-]{36}/.source;
const FORWARDED = { forwarded: "for=203.0.113.7;proto=https;host=registry.example" };
const X_FORWARDED = { "x-forwarded-proto": "https", "x-forwarded-host": "registry.example:8443" };

/** Each request that is answered with a `Location`, which starts with `origin`. */
function locations(origin: string, headers: Row["headers"] = {}): readonly Row[] {
  const pattern = origin.replaceAll(".", "\\.");
  return [
    {
      about: "of an upload",
      ask: "POST /v2/{repo}/blobs/uploads/",
      headers,
      status: 202,
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/blobs/uploads/${ID}`) },
    },
    {
      about: "of an upload's status",
      given: startUpload,
      ask: (url) => `GET ${String(url)}`,
      headers,
      status: 204,
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/blobs/uploads/${ID}`) },
    },
    {
      about: "of an upload out of order",
      given: startUpload,
      ask: (url) => `PATCH ${String(url)}`,
      headers: { ...headers, "content-range": "5-5" },
      body: "x",
      status: 416,
      code: "RANGE_INVALID",
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/blobs/uploads/${ID}`) },
    },
    {
      about: "of a blob",
      given: startUpload,
      ask: (url) => `PUT ${withQuery(String(url), { digest: LAYER.digest })}`,
      body: LAYER.bytes,
      headers,
      status: 201,
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/blobs/${LAYER.digest}`) },
    },
    {
      about: "of a mounted blob",
      ask: `POST /v2/{repo}/blobs/uploads/?mount=${LAYER.digest}&from=app`,
      headers,
      status: 201,
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/blobs/${LAYER.digest}`) },
    },
    {
      about: "of a manifest",
      given: pushSample,
      ask: "PUT /v2/{repo}/manifests/again",
      headers: { ...headers, "content-type": OCI_IMAGE_MANIFEST },
      body: new TextDecoder().decode(IMAGE.bytes),
      status: 201,
      answers: { location: new RegExp(`${pattern}/v2/row/number\\d+/manifests/${IMAGE.digest}`) },
    },
  ];
}

/** A link to the next page has neither scheme nor host, so it is right whoever asked. */
const link = (headers: Row["headers"] = {}): Row => ({
  about: "of the next page",
  ask: "GET /v2/app/tags/list?n=1",
  headers,
  status: 200,
  answers: { link: '</v2/app/tags/list?n=1&last=latest>; rel="next"' },
});

const http = (config: object) => clientWith({ config: { http: config } }, (http) => pushSample(http, "app"));

describe("a Location begins with what the client asked", () => {
  testRows(http({}), [...locations("http://127.0.0.1:\\d+"), link()]);
});

describe("over TLS a Location", () => {
  const secure = berthWith({ tls: true });

  test("begins with https", async () => {
    const client = await connectTo(secure());
    const started = await client.request("POST", "/v2/app/blobs/uploads/");
    expect(started.headers.get("location")).toStartWith(`https://${secure().host}/v2/app/blobs/uploads/`);
    const pushed = await client.request("POST", `/v2/app/blobs/uploads/?digest=${LAYER.digest}`, { body: LAYER.bytes });
    expect(pushed.headers.get("location")).toBe(`https://${secure().host}/v2/app/blobs/${LAYER.digest}`);
  });
});

describe("forwarded headers of anybody change no Location", () => {
  const plain = http({});
  testRows(plain, locations("http://127.0.0.1:\\d+", FORWARDED));
  testRows(plain, locations("http://127.0.0.1:\\d+", X_FORWARDED));
});

describe("forwarded headers of a proxy that is not trusted change no Location", () => {
  testRows(http({ trustedproxies: ["10.0.0.0/8"] }), locations("http://127.0.0.1:\\d+", FORWARDED));
});

describe("behind a trusted proxy a Location begins with what it was asked", () => {
  const trusting = http({ trustedproxies: ["127.0.0.0/8"] });
  testRows(trusting, [...locations("https://registry.example", FORWARDED), link(FORWARDED)]);
  testRows(trusting, locations("https://registry.example:8443", X_FORWARDED));
  testRows(trusting, locations("http://127.0.0.1:\\d+"));
});

describe("with http.host a Location begins with that", () => {
  const named = http({ host: "https://registry.example:5000/", trustedproxies: ["127.0.0.1"] });
  testRows(named, [...locations("https://registry.example:5000"), link()]);
  testRows(named, locations("https://registry.example:5000", { forwarded: "proto=http;host=other.example" }));
});

describe("with http.relativeurls a Location is a path", () => {
  testRows(http({ relativeurls: true }), [...locations(""), link()]);
  testRows(
    http({ relativeurls: true, host: "https://registry.example", trustedproxies: ["127.0.0.1"] }),
    locations("", FORWARDED),
  );
});

describe("with http.prefix", () => {
  const under = clientWith({ config: { http: { prefix: "/some/registry/" } } });
  testRows(under, [
    { about: "the base is under it", ask: "GET /some/registry/v2/", status: 200, text: "{}" },
    { about: "so is the root", ask: "GET /some/registry/", status: 200, text: "" },
    {
      about: "so are Locations",
      ask: "POST /some/registry/v2/app/blobs/uploads/",
      status: 202,
      answers: { location: new RegExp(`http://127\\.0\\.0\\.1:\\d+/some/registry/v2/app/blobs/uploads/${ID}`) },
    },
    {
      about: "so is a whole push",
      ask: `POST /some/registry/v2/app/blobs/uploads/?digest=${LAYER.digest}`,
      body: LAYER.bytes,
      status: 201,
      answers: { location: `{url}/some/registry/v2/app/blobs/${LAYER.digest}` },
    },
    { about: "so is a pull", ask: `GET /some/registry/v2/app/blobs/${LAYER.digest}`, status: 200, bytes: LAYER.bytes },
    {
      about: "so are links",
      async given(http) {
        const [body, headers] = [imageIndex([]).bytes, { "content-type": OCI_IMAGE_INDEX }];
        for (const name of ["app", "other"])
          await http.put(`/some/registry/v2/${name}/manifests/v1`, { body, headers });
      },
      ask: "GET /some/registry/v2/_catalog?n=1",
      status: 200,
      answers: { link: '</some/registry/v2/_catalog?n=1&last=app>; rel="next"' },
    },
    { about: "probes need it not", ask: "GET /livez", status: 200 },
    { about: "nothing is beside it", ask: "GET /v2/", status: 404, code: "NOT_FOUND" },
    { about: "nothing begins like it", ask: "GET /some/registryv2/", status: 404, code: "NOT_FOUND" },
  ]);
});

describe("http.headers", () => {
  const headers = { "X-Content-Type-Options": ["nosniff"], "Strict-Transport-Security": ["max-age=60", "preload"] };
  const answers = { "x-content-type-options": "nosniff", "strict-transport-security": "max-age=60, preload" };
  testRows(http({ headers }), [
    { about: "are on the base", ask: "GET /v2/", status: 200, answers },
    { about: "are on the root", ask: "GET /", status: 200, answers },
    { about: "are on errors", ask: "GET /nothing", status: 404, code: "NOT_FOUND", answers },
    { about: "are on blobs", ask: `GET /v2/app/blobs/${LAYER.digest}`, status: 200, answers },
    {
      about: "are on what did not change",
      ask: `GET /v2/app/blobs/${LAYER.digest}`,
      headers: { "if-none-match": "*" },
      status: 304,
      answers,
    },
    { about: "are on answers without body", ask: "HEAD /v2/app/manifests/latest", status: 200, answers },
  ]);
});
