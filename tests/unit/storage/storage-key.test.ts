import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import fc from "fast-check";

import { parseStorageKey, StorageError } from "../../../src/storage/index.ts";

function parse(text: string): string {
  try {
    return parseStorageKey(text);
  } catch (error) {
    return error instanceof StorageError ? `${error.reason}: ${error.message}` : "another error";
  }
}

describe("parseStorageKey", () => {
  test.each([
    ["", 'storage key "" is empty or has an empty part'],
    ["/etc/passwd", 'storage key "/etc/passwd" is empty or has an empty part'],
    ["a//b", 'storage key "a//b" is empty or has an empty part'],
    ["a/", 'storage key "a/" is empty or has an empty part'],
    ["a/../b", 'storage key "a/../b" has the part ..'],
    [".", 'storage key "." has the part .'],
    ["a\0b", 'storage key "a\\u0000b" contains a NUL character'],
    ["a\ud800b", 'storage key "a\\ud800b" is not valid Unicode'],
  ])("%j is refused with the reason", (text, message) => {
    expect(parse(text)).toBe(`invalid-key: ${message}`);
  });

  test("the limits are bytes, not characters", () => {
    expect(parse("a".repeat(255))).toBe("a".repeat(255));
    expect(parse("a".repeat(256))).toEndWith("has a part longer than 255 bytes");
    expect(parse("ü".repeat(127))).toBe("ü".repeat(127));
    expect(parse("ü".repeat(128))).toEndWith("has a part longer than 255 bytes");
    const longest = `${"abc/".repeat(255)}abcd`;
    expect(parse(longest)).toBe(longest);
    expect(parse(`${longest}e`)).toEndWith("is longer than 1024 bytes");
  });

  test("hidden files and odd characters are taken as they are", () => {
    for (const text of ["..a", "a..", ".a/...", "a b\\c:%2e%2e", "日本"]) expect(parse(text)).toBe(text);
  });

  test("what is accepted stays below the root, whatever it is", () => {
    const parts = fc.array(fc.constantFrom("..", ".", "", "a", "b\0", "..c", "%2e", "\\"), { maxLength: 8 });
    fc.assert(
      fc.property(parts, (each) => {
        const text = each.join("/");
        if (parse(text) !== text) return;
        expect(join("/root", text)).toBe(`/root/${text}`);
      }),
    );
  });
});
