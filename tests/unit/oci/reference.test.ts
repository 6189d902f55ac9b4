import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import {
  digestFromHex,
  isTag,
  parseReference,
  parseTag,
  referenceText,
  referrersTagOf,
  subjectOfTag,
  subjectsOfReferrersTag,
} from "../../../src/oci/index.ts";
import { thrownBy } from "../../support/thrown-error.ts";

const SPECIFIED_TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const SHA256 = digestFromHex("sha256", "a".repeat(64));
const SHA512 = digestFromHex("sha512", "b".repeat(128));

describe("a tag", () => {
  test.each(["latest", "1.2.3", "v1", "_", "A", "a-", "a.", "a..b", "Z_9.-", "x".repeat(128)])("may be %j", (tag) =>
    expect(parseTag(tag) as string).toBe(tag),
  );

  test.each(["", ".a", "-a", "a b", "a/b", "a:b", "a+b", "ä", "a\0", "a\n", "x".repeat(129)])(
    "may not be %j",
    (tag) => {
      expect(isTag(tag)).toBe(false);
      expect(thrownBy(() => parseTag(tag)).kind).toBe("tag-invalid");
    },
  );

  test("is what the specification's expression matches, and nothing else", () => {
    const alphabet = fc.constantFrom(..."aZ9_.-:/+ \0é".split(""));
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 140 }), (text) => {
        expect(isTag(text)).toBe(SPECIFIED_TAG.test(text));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a reference", () => {
  test("that is a digest names that digest", () => {
    expect(parseReference(SHA256)).toEqual({ kind: "digest", digest: SHA256 });
    expect(parseReference(SHA512)).toEqual({ kind: "digest", digest: SHA512 });
  });

  test("without a colon is a tag, even if it looks like a digest", () => {
    const tag = parseTag(`sha256-${"a".repeat(64)}`);
    expect(parseReference(tag)).toEqual({ kind: "tag", tag });
  });

  test.each([
    [`sha256:${"A".repeat(64)}`, "digest-invalid"],
    [`sha256:${"a".repeat(63)}`, "digest-invalid"],
    [`md5:${"a".repeat(32)}`, "digest-invalid"],
    ["a:b", "digest-invalid"],
    [":", "digest-invalid"],
    ["-x", "tag-invalid"],
    ["", "tag-invalid"],
    ["x".repeat(129), "tag-invalid"],
  ] as const)("%j is refused as %s", (text, kind) => expect(thrownBy(() => parseReference(text)).kind).toBe(kind));

  test("is written back as it was read", () => {
    const text = fc.oneof(fc.stringMatching(SPECIFIED_TAG), fc.constantFrom<string>(SHA256, SHA512));
    fc.assert(fc.property(text, (reference) => expect(referenceText(parseReference(reference))).toBe(reference)));
  });

  test("is either parsed or refused as a bad tag or a bad digest", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        if (isTag(text)) return;
        expect(["tag-invalid", "digest-invalid"]).toContain(thrownBy(() => parseReference(text)).kind);
      }),
    );
  });
});

describe("the tag of a list of referrers", () => {
  test.each([
    [SHA256, SHA256.replace(":", "-"), SHA256 as string],
    [SHA512, SHA512.replace(":", "-").slice(0, 71), SHA512.slice(0, 71)],
  ])("of %s", (digest, tag, subjects) => {
    expect(referrersTagOf(digest) as string).toBe(tag);
    expect(subjectsOfReferrersTag(tag)).toBe(subjects);
  });

  test.each([`sha256-${"a".repeat(64)}.sig`, `sha256-${"a".repeat(63)}`, `md5-${"a".repeat(64)}`, "1.0"])(
    "is not %s",
    (tag) => expect(subjectsOfReferrersTag(tag)).toBeUndefined(),
  );
});

describe("what a tag is attached to", () => {
  const hex = "a".repeat(64);

  test.each([
    [`sha256-${hex}`, `sha256:${hex}`],
    [`sha256-${hex}.sig`, `sha256:${hex}`],
    [`sha256-${hex}.sbom`, `sha256:${hex}`],
    [`sha512-${hex}`, `sha512:${hex}`],
  ])("%s", (tag, subject) => expect(subjectOfTag(parseTag(tag))).toBe(subject));

  test.each([`sha256-${hex}.other`, `sha512-${hex}.sig`, `sha512-${hex}a`, `sha256-${hex.slice(1)}`, "latest"])(
    "is nothing for %s",
    (tag) => expect(subjectOfTag(parseTag(tag))).toBeUndefined(),
  );
});
