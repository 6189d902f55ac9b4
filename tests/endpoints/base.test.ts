import { describe } from "bun:test";

import { clientWith } from "./registry.ts";
import { testRows } from "./rows.ts";

const http = clientWith();

describe("the base of the interface", () => {
  testRows(http, [
    {
      about: "says that it is a registry",
      ask: "GET /v2/",
      status: 200,
      answers: { "content-type": "application/json", "content-length": "2" },
      text: "{}",
    },
    { about: "says so without slash", ask: "GET /v2", status: 200, text: "{}" },
    { about: "says so without body", ask: "HEAD /v2/", status: 200, answers: { "content-length": "2" }, text: "" },
    { about: "tells its methods", ask: "OPTIONS /v2/", status: 200, answers: { allow: "GET, HEAD" }, text: "" },
    { about: "takes nothing", ask: "POST /v2/", status: 405, code: "UNSUPPORTED", answers: { allow: "GET, HEAD" } },
    { about: "deletes nothing", ask: "DELETE /v2/", status: 405, code: "UNSUPPORTED" },
    { about: "does not mind a query", ask: "GET /v2/?x=1", status: 200, text: "{}" },
    {
      about: "lets no client choose the id of its request",
      ask: "GET /v2/",
      headers: { "x-request-id": "x" },
      status: 200,
    },
  ]);
});

describe("the root", () => {
  testRows(http, [
    {
      about: "answers load balancers",
      ask: "GET /",
      status: 200,
      answers: { "cache-control": "no-cache", "content-length": "0" },
      text: "",
    },
    { about: "answers them without body", ask: "HEAD /", status: 200, text: "" },
    { about: "answers them whatever they add", ask: "GET /?x=1", status: 200, text: "" },
  ]);
});

describe("a path that is nothing", () => {
  testRows(http, [
    { about: "outside", ask: "GET /favicon.ico", status: 404, code: "NOT_FOUND" },
    { about: "without body", ask: "HEAD /favicon.ico", status: 404, answers: { "content-type": "application/json" } },
    { about: "of the old interface", ask: "GET /v1/search?q=x", status: 404, code: "NOT_FOUND" },
    { about: "of the old interface", ask: "GET /v1/_ping", status: 404, code: "NOT_FOUND" },
    { about: "that has a repository alone", ask: "GET /v2/app", status: 404, code: "NOT_FOUND" },
    { about: "of an unknown resource", ask: "GET /v2/app/layers/x", status: 404, code: "NOT_FOUND" },
    { about: "in upper case", ask: "GET /V2/", status: 404, code: "NOT_FOUND" },
    { about: "for any method", ask: "PUT /nowhere", body: "x", status: 404, code: "NOT_FOUND" },
  ]);
});

describe("extension discovery", () => {
  testRows(http, [
    { about: "offers none", ask: "GET /v2/_oci/ext/discover", status: 200, json: { extensions: [] } },
    {
      about: "takes nothing",
      ask: "POST /v2/_oci/ext/discover",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "GET" },
    },
  ]);
});
