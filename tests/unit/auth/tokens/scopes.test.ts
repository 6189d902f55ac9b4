import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatScope, parseScopes } from "../../../../src/auth/index.ts";
import { thrownBy } from "../../../support/thrown-error.ts";

const repository = (name: string, ...actions: string[]) => ({ type: "repository", name, actions });

describe("scopes", () => {
  test.each([
    ["one", ["repository:team/app:pull,push"], [repository("team/app", "pull", "push")]],
    ["none", [], []],
    ["an empty one", [""], []],
    ["repeated ones", ["repository:a:pull", "repository:b:pull"], [repository("a", "pull"), repository("b", "pull")]],
    ["several in one", ["repository:a:pull  repository:b:pull"], [repository("a", "pull"), repository("b", "pull")]],
    ["docker 28's duplicate", ["repository:x:pull repository:x:pull,push"], [repository("x", "pull", "push")]],
    ["duplicates over values", ["repository:x:push", "repository:x:pull,push"], [repository("x", "push", "pull")]],
    ["a host with a port", ["repository:reg.example:5000/a/b:pull"], [repository("reg.example:5000/a/b", "pull")]],
    ["the catalog", ["registry:catalog:*"], [{ type: "registry", name: "catalog", actions: ["*"] }]],
    ["an unknown type", ["blob:x:read"], [{ type: "blob", name: "x", actions: ["read"] }]],
    ["no action", ["repository:a:"], []],
    ["a comma too much", ["repository:a:pull,"], [repository("a", "pull")]],
    [
      "a class beside none",
      ["repository(plugin):a/b:pull repository:a/b:pull"],
      [{ ...repository("a/b", "pull"), class: "plugin" }, repository("a/b", "pull")],
    ],
  ])("%s", (_, values, expected) => expect(parseScopes(values)).toEqual(expected));

  test.each([
    "repository",
    "repository:a",
    "repository::pull",
    ":a:pull",
    "repository:../x:pull",
    "repository:a/../b:pull",
    "repository:/etc:pull",
    "repository:a//b:pull",
    "repository:a/:pull",
    "repository:Team/app:pull",
    "repository:*:pull",
    "repository:team/*:pull",
    "repository:a%2fb:pull",
    "repository:a\u0000b:pull",
    "repository:reg.example:5000/../x:pull",
    "repository:a:b:pull",
    'repository:a":pull',
    "repository:a:Pull",
    "repository:a:pull;push",
    "repository:a:**",
    "repository(plugin:a:pull",
    "Repository:a:pull",
    `repository:${"a".repeat(256)}:pull`,
  ])("%p is malformed, and so are all beside it", (scope) => {
    expect(thrownBy(() => parseScopes(["repository:ok:pull", scope]))).toMatchObject({ kind: "bad-request" });
  });

  test("have a limit in number and in length", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `repository:r${index}:pull`);
    expect(parseScopes(many(100))).toHaveLength(100);
    expect(thrownBy(() => parseScopes(many(101)))).toMatchObject({ kind: "bad-request" });
    expect(thrownBy(() => parseScopes(["repository:a:pull ".repeat(250)]))).toMatchObject({ kind: "bad-request" });
  });

  test("never fail but as a bad request, and are understood as they were written", () => {
    let understood = 0;
    const pieces = ["repository", "registry", ":", "/", "a", "b-c", "A", "..", "*", ",", "pull", "(", ")", " "];
    const noise = fc.array(fc.constantFrom(...pieces)).map((some) => some.join(""));
    const types = fc.constantFrom("repository", "repository(plugin)", "registry", "blob");
    const names = fc.constantFrom("a", "a/b-c", "reg.example:5000/a");
    const actions = fc.array(fc.constantFrom("pull", "push", "delete", "*"), { minLength: 1 });
    const scope = fc.tuple(types, names, actions).map((parts) => parts.join(":"));
    fc.assert(
      fc.property(fc.oneof(fc.array(scope), fc.array(fc.oneof(scope, noise))), (scopes) => {
        try {
          const parsed = parseScopes([scopes.join(" ")]);
          expect(parseScopes(parsed.map(formatScope))).toEqual(parsed);
          if (parsed.length > 0) understood += 1;
        } catch (error) {
          expect(error).toMatchObject({ kind: "bad-request" });
        }
      }),
    );
    expect(understood).toBeGreaterThan(20);
  });
});
