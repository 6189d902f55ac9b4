import { expect, test } from "bun:test";
import { bearerChallenge } from "../../../../src/auth/index.ts";

const place = { realm: "https://reg.example/token", service: "reg.example", scopes: [] };
const START = 'Bearer realm="https://reg.example/token",service="reg.example"';

test.each([
  ["a ping", {}, START],
  ["a pull", { scopes: ["repository:a/b:pull"] }, `${START},scope="repository:a/b:pull"`],
  [
    "a mount",
    { scopes: ["repository:a/b:pull,push", "repository:c:pull"] },
    `${START},scope="repository:a/b:pull,push repository:c:pull"`,
  ],
  ["a bad token at the ping", { error: "invalid_token" as const }, `${START},error="invalid_token"`],
  [
    "a token for less",
    { scopes: ["repository:a:delete"], error: "insufficient_scope" as const },
    `${START},scope="repository:a:delete",error="insufficient_scope"`,
  ],
])("the challenge at %s", (_, asked, expected) => expect(bearerChallenge({ ...place, ...asked })).toBe(expected));

test("a challenge is a header whatever is in it, and nobody gets out of the quotes", () => {
  const scopes = ['repository:a",error="x\\\r\nSet-Cookie: ä:pull'];
  const text = bearerChallenge({ realm: 'https://a/"b', service: "s", scopes });
  expect(text).toBe(
    'Bearer realm="https://a/\\"b",service="s",scope="repository:a\\",error=\\"x\\\\??Set-Cookie: ?:pull"',
  );
  expect(new Headers({ "WWW-Authenticate": text }).get("www-authenticate")).toBe(text);
});
