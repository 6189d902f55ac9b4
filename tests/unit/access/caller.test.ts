import { expect, test } from "bun:test";
import type { AccessRules, NodeRules } from "../../../src/access/rules/access-rules.ts";
import { RuledCaller } from "../../../src/access/caller.ts";
import { ANONYMOUS } from "../../../src/access/principal.ts";

/** The rules of nothing, which count how often they are asked. */
class CountedNodes extends Map<string, NodeRules> {
  asked = 0;

  override get(path: string): undefined {
    this.asked += path === "" ? 0 : 1;
    return undefined;
  }
}

function openCaller() {
  const nodes = new CountedNodes();
  const rules: AccessRules = { nodes, grants: new Map() };
  const caller = new RuledCaller({ principal: ANONYMOUS }, rules, () => 1);
  const isDecidedAnew = (path: string) => {
    const before = nodes.asked;
    expect(caller.refusalOf({ path, action: "pull" })).toBe("rules");
    return nodes.asked > before;
  };
  return { isDecidedAnew };
}

test("a decision is remembered, and not those of any number of names", () => {
  const { isDecidedAnew } = openCaller();
  expect([isDecidedAnew("app"), isDecidedAnew("app")]).toEqual([true, false]);
  for (let index = 0; index < 100; index++) isDecidedAnew(`other${index}`);
  expect(isDecidedAnew("app")).toBe(true);
});

test("what is longer than any name is not remembered", () => {
  const { isDecidedAnew } = openCaller();
  const path = "a".repeat(1000);
  expect([isDecidedAnew(path), isDecidedAnew(path)]).toEqual([true, true]);
});
