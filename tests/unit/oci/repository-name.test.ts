import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { isRepositoryName, MAX_REPOSITORY_NAME_LENGTH, parseRepositoryName } from "../../../src/oci/index.ts";
import { thrownBy } from "../../support/thrown-error.ts";

/** The specification's own expression, word for word. */
const SPECIFIED = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

const VALID = [
  "a",
  "0",
  "library/ubuntu",
  "team/app/api",
  "a.b",
  "a_b",
  "a__b",
  "a-b",
  "a----b",
  "a.b_c__d---e",
  "a/blobs/b",
  "x/manifests",
  "blobs/uploads",
  "tags/list",
  "v2/v2",
  "a/b/c/d/e/f/g/h/i/j",
];

const INVALID = [
  "",
  "/",
  "A",
  "Library/ubuntu",
  "a/",
  "/a",
  "a//b",
  "a..b",
  "a___b",
  "a._b",
  "a.-b",
  "-a",
  "a-",
  ".a",
  "a.",
  "_a",
  "a_",
  "a/-b",
  "a/..",
  "..",
  "a/./b",
  "a b",
  "a:b",
  "a@b",
  "a%2fb",
  "a\\b",
  "a\0b",
  "a\n",
  "\na",
  "ä",
  "a\u0300",
  "_catalog",
];

describe("a repository name", () => {
  test.each(VALID)("may be %j", (name) => expect(parseRepositoryName(name) as string).toBe(name));

  test.each(INVALID)("may not be %j", (name) => {
    expect(isRepositoryName(name)).toBe(false);
    expect(thrownBy(() => parseRepositoryName(name)).kind).toBe("name-invalid");
  });

  test("has at most 255 characters", () => {
    expect(isRepositoryName("a".repeat(MAX_REPOSITORY_NAME_LENGTH))).toBe(true);
    const { message } = thrownBy(() => parseRepositoryName("a".repeat(MAX_REPOSITORY_NAME_LENGTH + 1)));
    expect(message).toContain("255 characters");
  });

  test("is said to be lower case where that is what is wrong", () => {
    expect(thrownBy(() => parseRepositoryName("Team/App")).message).toContain("lower case");
  });

  test("is refused without giving a long one back whole", () => {
    const error = thrownBy(() => parseRepositoryName("A".repeat(10_000)));
    expect(JSON.stringify(error.details).length).toBeLessThan(400);
  });

  test("is what the specification's expression matches, and nothing else", () => {
    const alphabet = fc.constantFrom(..."ab0._-/A: \0é".split(""));
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 30 }), (text) => {
        expect(isRepositoryName(text)).toBe(SPECIFIED.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("is accepted in every form that the specification's expression can make", () => {
    const name = fc.stringMatching(SPECIFIED).filter((text) => text.length <= MAX_REPOSITORY_NAME_LENGTH);
    fc.assert(fc.property(name, (text) => expect(parseRepositoryName(text) as string).toBe(text)));
  });

  test("is judged in no time even if it was made to be slow to judge", () => {
    const nasty = `${"a".repeat(200_000)}!`;
    const nastyShort = `${"a-".repeat(120)}a!`;
    expect(isRepositoryName(nasty)).toBe(false);
    expect(isRepositoryName(nastyShort)).toBe(false);
    expect(isRepositoryName(`${"a----------".repeat(22)}!`)).toBe(false);
  });
});
