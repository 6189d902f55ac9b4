import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { Warnings } from "../../../src/oci/index.ts";

function headerValuesOf(...texts: string[]): readonly string[] {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.headerValues();
}

describe("warnings", () => {
  test("are none by default", () => expect(headerValuesOf()).toEqual([]));

  test("have code 299, agent - and no date", () =>
    expect(headerValuesOf("this image is deprecated")).toEqual(['299 - "this image is deprecated"']));

  test("are sent once each, in the order in which they came up", () =>
    expect(headerValuesOf("b", "a", "b")).toEqual(['299 - "b"', '299 - "a"']));

  test("keep quotes and backslashes inside the quoted text", () =>
    expect(headerValuesOf('say "no" to C:\\')).toEqual(['299 - "say \\"no\\" to C:\\\\"']));

  test("cannot break out of their header", () =>
    expect(headerValuesOf("a\r\nSet-Cookie: x=1\0\u2028é")).toEqual(['299 - "a??Set-Cookie: x=1???"']));

  test("are a legal header, at most 4096 bytes together, whatever their texts", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3000 }), { maxLength: 12 }), (texts) => {
        const values = headerValuesOf(...texts);
        for (const value of values) expect(value).toMatch(/^299 - "(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/);
        expect(values.join("").length).toBeLessThanOrEqual(Warnings.MAX_BYTES);
      }),
    );
  });
});
