import { expect, test } from "bun:test";
import { type AnswerHeaders, CommonHeaders, emptyAnswer, responseOf } from "../../../src/http/answer.ts";

const common = new CommonHeaders({ "Cache-Control": "no-store", "X-Request-From": "tests" });

test("an answer has its own headers and those of all, and its own win", () => {
  const response = responseOf(emptyAnswer(204, { "Cache-Control": "no-cache", "Content-Length": "3" }), common);
  expect([...response.headers]).toEqual([
    ["cache-control", "no-cache"],
    ["content-length", "3"],
    ["x-request-from", "tests"],
  ]);
});

test("what is added to one answer is not in the next that has the same headers", () => {
  const headers: AnswerHeaders = Object.freeze({ ETag: '"1"' });
  responseOf(emptyAnswer(200, headers), common).headers.set("X-Request-Id", "1");
  expect(responseOf(emptyAnswer(200, headers), common).headers.get("X-Request-Id")).toBeNull();
  expect(common.with(headers)).toBe(common.with(headers));
});

test("headers that may change are read each time", () => {
  const headers: AnswerHeaders = { ETag: '"1"' };
  responseOf(emptyAnswer(200, headers), common);
  headers.ETag = '"2"';
  expect(responseOf(emptyAnswer(200, headers), common).headers.get("ETag")).toBe('"2"');
});
