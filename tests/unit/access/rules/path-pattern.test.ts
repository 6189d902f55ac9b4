import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePathPattern } from "../../../../src/access/rules/path-pattern.ts";

describe("a pattern of repository names", () => {
  test.each([
    ["team", ["team"], ["team/app", "teams", "tea", ""]],
    ["team/**", ["team", "team/app", "team/app/api"], ["teams", "other/team", "teams/app"]],
    ["team/*", ["team/app", "team/a"], ["team", "team/app/api"]],
    ["team/*-prod", ["team/app-prod", "team/-prod"], ["team/app-prod/x", "team/app-production", "team/x/app-prod"]],
    ["**", ["", "a", "a/b/c"], []],
    ["**/api", ["api", "a/api", "a/b/api"], ["api/a", "a/apis"]],
    ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "a/z/b", "z"]],
    ["a*b*c", ["abc", "axbxc", "abbc", "abcc"], ["ac", "ab", "abcx"]],
    ["*a*", ["a", "xax"], ["x", ""]],
  ] as const)("%s", (pattern, matching, others) => {
    const matches = parsePathPattern(pattern);
    for (const path of matching) expect([path, matches(path)]).toEqual([path, true]);
    for (const path of others) expect([path, matches(path)]).toEqual([path, false]);
  });

  test.each(["", "/a", "a/", "a//b", "A", "a b", "team/**x", "a/x**", "../a", "a/..", "a\n", "x".repeat(256)])(
    "%j is none",
    (text) => expect(() => parsePathPattern(text)).toThrow(RangeError),
  );

  test("without a star is the one name", () => {
    const name = fc.stringMatching(/^[a-z0-9]+([._-][a-z0-9]+)*(\/[a-z0-9]+)*$/).filter((text) => text.length < 200);
    fc.assert(
      fc.property(name, name, (one, other) => {
        const matches = parsePathPattern(one);
        return matches(one) && matches(other) === (one === other);
      }),
    );
  });

  test("of many stars takes no time that grows with them", () => {
    const pattern = parsePathPattern(Array.from({ length: 40 }, () => "**/a").join("/"));
    expect(pattern(`${"a/".repeat(120)}b`)).toBe(false);
  });
});
