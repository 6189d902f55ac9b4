import { describe, expect, test } from "bun:test";
import type {
  AccessRules,
  Asker,
  GrantRule,
  NodeRules,
  Subject,
  Visibility,
} from "../../../../src/access/rules/access-rules.ts";
import { decideAccess, maySee, visibilityOf } from "../../../../src/access/rules/decide-access.ts";
import { parsePathPattern } from "../../../../src/access/rules/path-pattern.ts";
import { parseTextPattern } from "../../../../src/runtime/index.ts";
import { ACTIONS, type Action, type Role, ROLES } from "../../../../src/access/rules/roles.ts";

interface Tree {
  readonly [path: string]: { readonly visibility?: Visibility; readonly roles?: Readonly<Record<string, Role>> };
}

function rulesOf(tree: Tree, grants: readonly GrantRule[] = []): AccessRules {
  const nodes = new Map<string, NodeRules>(
    Object.entries(tree).map(([path, { visibility, roles = {} }]) => [
      path,
      { visibility, roles: new Map(Object.entries(roles) as [Subject, Role][]) },
    ]),
  );
  return { nodes, grants: Map.groupBy(grants, ({ subject }) => subject) };
}

function grantOf(subject: Subject, pathPattern: string, actions: readonly Action[], more: Partial<GrantRule> = {}) {
  const mayBePath = parsePathPattern(pathPattern);
  return { id: 1, subject, pathPattern, mayBePath, actions: new Set(actions), expiresAtMs: undefined, ...more };
}

const NOBODY: Asker = { subjects: [] };
const ANNA: Asker = { subjects: ["account:1", "signed-in"] };
const BEN: Asker = { subjects: ["account:2", "signed-in", "group:7"] };

function permitted(rules: AccessRules, asker: Asker, path: string, nowMs = 0): readonly Action[] {
  return ACTIONS.filter((action) => decideAccess(rules, asker, { path, action }, nowMs));
}

describe("a role", () => {
  test.each([
    ["reader", ["pull"]],
    ["writer", ["pull", "push", "tag:create", "tag:overwrite", "referrers:write", "upload"]],
    ["maintainer", ACTIONS.filter((action) => action !== "namespaces:write")],
    ["owner", [...ACTIONS]],
  ] as const)("%s may do what it should, in its node and below, and nowhere else", (role, actions) => {
    const rules = rulesOf({ team: { roles: { "account:1": role } } });
    for (const path of ["team", "team/app", "team/app/api"]) expect(permitted(rules, ANNA, path)).toEqual([...actions]);
    for (const path of ["teams", "tea", "other/team", ""]) expect(permitted(rules, ANNA, path)).toEqual([]);
    for (const asker of [NOBODY, BEN]) expect(permitted(rules, asker, "team/app")).toEqual([]);
  });

  test("of a node below adds to that of one above, and takes nothing away", () => {
    const rules = rulesOf({ "": { roles: { "signed-in": "reader" } }, a: { roles: { "account:1": "maintainer" } } });
    const below = rulesOf({ a: { roles: { "account:1": "maintainer" } }, "a/b": { roles: { "account:1": "reader" } } });
    expect(permitted(rules, ANNA, "a/b")).toContain("delete");
    expect(permitted(below, ANNA, "a/b")).toContain("delete");
    expect(permitted(rules, BEN, "a/b")).toEqual(["pull"]);
    expect(decideAccess(rules, ANNA, { path: "a/b", action: "pull" }, 0)).toEqual({
      by: "role",
      role: "maintainer",
      subject: "account:1",
      node: "a",
    });
  });

  test("of a group is its members'", () => {
    const rules = rulesOf({ a: { roles: { "group:7": "writer" } } });
    expect(permitted(rules, BEN, "a/x")).toContain("push");
    expect(permitted(rules, ANNA, "a/x")).toEqual([]);
  });

  test("for the whole registry", () => {
    const rules = rulesOf({});
    expect(permitted(rules, { subjects: ["account:1"], systemRole: "administrator" }, "x")).toEqual([...ACTIONS]);
    expect(permitted(rules, { subjects: ["account:1"], systemRole: "auditor" }, "x")).toEqual([
      "pull",
      "settings:read",
    ]);
    expect(ROLES.length).toBe(4);
  });
});

describe("visibility", () => {
  const rules = rulesOf({
    "": { visibility: "internal" },
    open: { visibility: "public" },
    "open/secret": { visibility: "private" },
    "open/secret/shown": { visibility: "public" },
  });

  test.each([
    ["open", true, true],
    ["open/app", true, true],
    ["open/secret", false, false],
    ["open/secret/x", false, false],
    ["open/secret/shown/x", true, true],
    ["other", false, true],
  ])("%s: whoever %p, who is signed in %p", (path, anybody, signedIn) => {
    expect(permitted(rules, NOBODY, path)).toEqual(anybody ? ["pull"] : []);
    expect(permitted(rules, ANNA, path)).toEqual(signedIn ? ["pull"] : []);
  });

  test("comes from the nearest node that says something, else it is private", () => {
    expect(visibilityOf(rules, "open/secret/a/b")).toEqual({ visibility: "private", node: "open/secret" });
    expect(visibilityOf(rules, "x")).toEqual({ visibility: "internal", node: "" });
    expect(visibilityOf(rulesOf({}), "x")).toEqual({ visibility: "private", node: undefined });
  });
});

describe("a grant", () => {
  test("permits its actions on what its patterns match, until it ends", () => {
    const tags = { mayBeTag: parseTextPattern("v*"), expiresAtMs: 1000 };
    const rules = rulesOf({}, [
      grantOf("account:1", "team/*-prod", ["pull"]),
      grantOf("account:1", "team/**", ["tag:create"], tags),
    ]);
    expect(permitted(rules, ANNA, "team/app-prod")).toEqual(["pull"]);
    expect(permitted(rules, ANNA, "team/app")).toEqual([]);
    const tagging = (tag: string, nowMs: number) =>
      decideAccess(rules, ANNA, { path: "team/app", action: "tag:create", tag }, nowMs)?.by;
    expect([tagging("v1", 999), tagging("v1", 1000), tagging("w1", 0)]).toEqual(["grant", undefined, undefined]);
    expect(permitted(rules, BEN, "team/app-prod")).toEqual([]);
  });

  test("lets its subject know that a repository is there", () => {
    const rules = rulesOf({}, [grantOf("account:1", "team/**", ["push"], { expiresAtMs: 1000 })]);
    expect([maySee(rules, ANNA, "team/app", 0), maySee(rules, ANNA, "team/app", 1000)]).toEqual([true, false]);
    expect([maySee(rules, ANNA, "other", 0), maySee(rules, NOBODY, "team/app", 0)]).toEqual([false, false]);
  });
});
