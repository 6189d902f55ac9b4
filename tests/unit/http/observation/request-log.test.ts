import { describe, expect, test } from "bun:test";
import { logRequest } from "../../../../src/http/observation/request-log.ts";
import type { RequestRecord } from "../../../../src/http/request-record.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { createLog } from "../../../../src/runtime/index.ts";
import { recordOf } from "./record-of.ts";

function logged(changes: Partial<RequestRecord>, level: "info" | "error" = "info"): Record<string, unknown>[] {
  const lines: string[] = [];
  const output = {
    write: (line: string) => void lines.push(line),
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
    takeDropped: () => 0,
  };
  logRequest(createLog({ level, formatter: "json", clock: { nowMs: () => 0 }, output }), recordOf(changes));
  return lines.map((line) => JSON.parse(line));
}

test("a request is one line with registry:2's names", () => {
  const changes = {
    user: "alice",
    repository: "a/b",
    reference: "v1",
    digest: "sha256:aa",
    uploadId: "u",
    requestBytes: 7,
  };
  expect(logged({ ...changes, handler: "manifest", referer: "http://r/?token=x" })).toEqual([
    {
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      msg: "response completed",
      "http.request.id": "04b2d33b",
      "http.request.method": "GET",
      "http.request.uri": "/v2/",
      "http.request.host": "127.0.0.1:5000",
      "http.request.remoteaddr": "127.0.0.1",
      "http.request.useragent": "curl/8",
      "http.request.referer": "http://r/?token=***",
      "http.request.bytes": 7,
      "http.response.status": 200,
      "http.response.written": 2,
      "http.response.duration": "5.067ms",
      "http.response.contenttype": "application/json",
      "vars.name": "a/b",
      "vars.reference": "v1",
      "vars.digest": "sha256:aa",
      "vars.uuid": "u",
      "auth.user.name": "alice",
    },
  ]);
});

test.each<[number, string]>([
  [0, "0ms"],
  [0.0125, "0.013ms"],
  [999, "999ms"],
  [75_250.4, "75.25s"],
])("%d ms is written %s", (durationMs, expected) => {
  expect(logged({ durationMs })[0]?.["http.response.duration"]).toBe(expected);
});

test.each<[number, string, string]>([
  [204, "info", "response completed"],
  [307, "info", "response completed"],
  [401, "info", "response completed with error"],
  [404, "info", "response completed with error"],
  [403, "warning", "response completed with error"],
  [429, "warning", "response completed with error"],
  [500, "error", "response completed with error"],
  [503, "error", "response completed with error"],
])("status %d is of level %s", (status, level, msg) => {
  expect(logged({ status })[0]).toMatchObject({ level, msg });
});

test("a wrong login is a warning that names the user, unlike the question for one", () => {
  const error = new RegistryError("login-failed", "the user name or the password is wrong", {
    detail: { user: "alice" },
  });
  expect(logged({ status: 401, error })[0]).toMatchObject({
    level: "warning",
    "err.code": "login failed",
    "err.message": error.message,
    "err.detail": '{"user":"alice"}',
  });
  const question = new RegistryError("unauthorized", "authentication required");
  expect(logged({ status: 401, error: question })[0]).toMatchObject({ level: "info" });
});

test("what the level leaves out is not written", () => {
  expect(logged({ status: 404 }, "error")).toEqual([]);
});

describe("an error", () => {
  test("of the client has code, message and detail, and no stack", () => {
    const error = new RegistryError("manifest-unknown", "there is no tag x", {
      detail: { Tag: "x" },
      cause: new Error("c"),
    });
    const line = logged({ status: 404, error })[0];
    expect(line).toMatchObject({
      "err.code": "manifest unknown",
      "err.message": "there is no tag x",
      "err.detail": '{"Tag":"x"}',
    });
    expect(line).not.toHaveProperty("err.stack");
  });

  test("of ours has the stack of its cause", () => {
    const error = new RegistryError("internal", "the registry failed", { cause: new RangeError("disk on fire") });
    const line = logged({ status: 500, error })[0];
    expect(line?.["err.stack"]).toContain("disk on fire");
    expect(line?.["err.stack"]).toContain("request-log.test.ts");
    expect(line).not.toHaveProperty("err.detail");
  });

  test("of ours that nothing caused has its own stack", () => {
    expect(logged({ status: 500, error: new RegistryError("internal", "bug") })[0]?.["err.stack"]).toContain("bug");
  });
});
