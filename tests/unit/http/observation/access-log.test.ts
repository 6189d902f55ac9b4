import { expect, test } from "bun:test";
import fc from "fast-check";
import { createAccessLog } from "../../../../src/http/observation/access-log.ts";
import type { RequestRecord } from "../../../../src/http/request-record.ts";
import { recordOf } from "./record-of.ts";

function lineOf(changes: Partial<RequestRecord>): string {
  const lines: string[] = [];
  createAccessLog({ write: (line) => lines.push(line) })(recordOf(changes));
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

test("a line is what registry:2 writes", () => {
  expect(lineOf({})).toBe('127.0.0.1 - - [21/Nov/2026:03:36:21 +0000] "GET /v2/ HTTP/1.1" 200 2 "" "curl/8"');
});

test.each<[string, Partial<RequestRecord>, string]>([
  ["the user", { user: "alice" }, '127.0.0.1 - alice [21/Nov/2026:03:36:21 +0000] "GET'],
  ["nobody", { user: "" }, "127.0.0.1 - - ["],
  ["a user that looks like more", { user: 'a [x] "' }, String.raw`- a\x20[x]\x20\" [21/Nov`],
  ["a single-digit day", { startedAtMs: Date.UTC(2027, 0, 2, 13, 4, 5) }, "[02/Jan/2027:13:04:05 +0000]"],
  ["quotes in the target", { target: '/v2/a/manifests/x?y="q"' }, String.raw`"GET /v2/a/manifests/x?y=\"q\" HTTP/1.1"`],
  ["a line end", { userAgent: "a\r\n1.2.3.4 - -" }, String.raw`"a\r\n1.2.3.4 - -"`],
  ["control characters", { userAgent: "\u001b[31m\u009b\u007f\u0000" }, String.raw`"\x1b[31m\u009b\u007f\x00"`],
  ["turned writing", { referer: "http://a/\u202eb" }, String.raw`"http://a/\u202eb"`],
  ["other writing", { userAgent: "é 日本 🐳" }, '"é 日本 🐳"'],
  ["half a character", { userAgent: "\ud83d" }, String.raw`"\ud83d"`],
  ["a token in the query", { target: "/token?account=a&access_token=hunter2&x=1" }, "?account=a&access_token=***&x=1 "],
  ["the announced length of HEAD, which is not sent", { method: "HEAD", responseBytes: 19 }, '" 200 0 "'],
  ["an IPv6 address", { remoteAddress: "::1" }, "::1 - - ["],
])("%s", (_, changes, expected) => {
  expect(lineOf(changes)).toContain(expected);
});

test("a client cannot make a second line, or end a field before its quote", () => {
  const text = fc.string({ unit: "binary" });
  // oxlint-disable-next-line no-control-regex
  const combined =
    /^127\.0\.0\.1 - [^\s"[]\S* \[[^\]]+\] ("(?:[^"\\]|\\.)*") 200 2 ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")$/u;
  fc.assert(
    fc.property(text, text, text, (target, referer, userAgent) => {
      expect(lineOf({ target, referer, userAgent })).toMatch(combined);
      expect(lineOf({ target, referer, userAgent })).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
});
