import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";

import {
  algorithmOf,
  digestFromHex,
  digestOf,
  hexOf,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
  shorten,
} from "../../../src/oci/index.ts";
import { thrownBy } from "../../support/thrown-error.ts";

const HEX_256 = "0123456789abcdef".repeat(4);
const HEX_512 = "0123456789abcdef".repeat(8);

describe("a digest", () => {
  test.each([`sha256:${HEX_256}`, `sha512:${HEX_512}`])("may be %s", (text) =>
    expect(parseDigest(text) as string).toBe(text),
  );

  test.each([
    ["", "<algorithm>:<hex>"],
    ["sha256", "<algorithm>:<hex>"],
    [HEX_256, "<algorithm>:<hex>"],
    [":", "<algorithm>:<hex>"],
    ["sha256:", "<algorithm>:<hex>"],
    [`:${HEX_256}`, "<algorithm>:<hex>"],
    [`SHA256:${HEX_256}`, "<algorithm>:<hex>"],
    [`sha256:${HEX_256}\n`, "<algorithm>:<hex>"],
    [`sha256:${HEX_256}\0`, "<algorithm>:<hex>"],
    [` sha256:${HEX_256}`, "<algorithm>:<hex>"],
    [`sha256::${HEX_256}`, "<algorithm>:<hex>"],
    [`sha256:${HEX_256.toUpperCase()}`, "64 lower-case"],
    [`sha256:${HEX_256.slice(1)}`, "64 lower-case"],
    [`sha256:${HEX_256}0`, "64 lower-case"],
    [`sha256:${"g".repeat(64)}`, "64 lower-case"],
    [`sha256:${HEX_512}`, "64 lower-case"],
    [`sha512:${HEX_256}`, "128 lower-case"],
    [`sha384:${HEX_256}`, "sha384 is not supported"],
    ["md5:d41d8cd98f00b204e9800998ecf8427e", "md5 is not supported"],
    ["tarsum.v1+sha256:abc", "tarsum.v1+sha256 is not supported"],
  ])("may not be %j, and the message says why", (text, why) => {
    const error = thrownBy(() => parseDigest(text));
    expect(error.kind).toBe("digest-invalid");
    expect(error.message).toContain(why);
    expect(isDigest(text)).toBe(false);
  });

  test("of bytes is what another implementation computes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), fc.constantFrom("sha256", "sha512"), (bytes, algorithm) => {
        const hex = createHash(algorithm).update(bytes).digest("hex");
        expect(digestOf(bytes, algorithm) as string).toBe(`${algorithm}:${hex}`);
        expect(isDigest(digestOf(bytes, algorithm))).toBe(true);
      }),
    );
  });

  test("of nothing is the well-known one", () => {
    const ofNothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(digestOf(new Uint8Array()) as string).toBe(ofNothing);
  });

  test("comes apart into what it was made of", () => {
    const digest = fc.oneof(fc.stringMatching(/^[0-9a-f]{64}$/), fc.stringMatching(/^[0-9a-f]{128}$/));
    fc.assert(
      fc.property(digest, (hex) => {
        const algorithm = hex.length === 64 ? "sha256" : "sha512";
        const made = digestFromHex(algorithm, hex);
        expect(algorithmOf(made)).toBe(algorithm);
        expect(hexOf(made)).toBe(hex);
        expect(parseDigest(made)).toBe(made);
      }),
    );
  });

  test("is refused, never half understood, whatever else stands there", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(thrownBy(() => parseDigest(text)).kind).toBe("digest-invalid");
      }),
    );
  });
});

describe("a digest algorithm", () => {
  test("is sha256 or sha512", () => {
    expect(parseDigestAlgorithm("sha256")).toBe("sha256");
    expect(parseDigestAlgorithm("sha512")).toBe("sha512");
  });

  test.each(["", "SHA256", "sha384", "md5", "sha256 ", "constructor"])("is not %j", (text) =>
    expect(thrownBy(() => parseDigestAlgorithm(text)).kind).toBe("digest-invalid"),
  );
});

test("a shortened text says that something is missing", () => {
  expect(shorten("short")).toBe("short");
  expect(shorten("x".repeat(300))).toBe("x".repeat(300));
  expect(shorten("x".repeat(301))).toBe(`${"x".repeat(300)}…`);
});
