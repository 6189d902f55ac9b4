import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseTextPattern } from "../../../src/runtime/index.ts";

test("a text pattern agrees with a regular expression", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const candidate = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  fc.assert(
    fc.property(letters, candidate, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
      return parseTextPattern(pattern)(text) === expression.test(text);
    }),
    { numRuns: 2000 },
  );
});

test("a text pattern of many stars takes no time that grows with them", () =>
  expect(parseTextPattern("*a".repeat(100))("a".repeat(5000) + "b")).toBe(false));
