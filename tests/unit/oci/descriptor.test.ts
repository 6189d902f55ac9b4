import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { isJsonObject } from "../../../src/oci/index.ts";
import { parseAnnotations, parseDescriptor } from "../../../src/oci/descriptor.ts";
import { thrownBy } from "../../support/thrown-error.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const PLAIN = { mediaType: "a/b", digest: DIGEST, size: 7 };

describe("a descriptor", () => {
  test("needs no more than media type, digest and size", () => {
    expect(parseDescriptor(PLAIN, "config")).toEqual({
      mediaType: "a/b",
      digest: DIGEST,
      sizeBytes: 7,
      urls: [],
      platform: undefined,
      artifactType: undefined,
      annotations: undefined,
    } as unknown as ReturnType<typeof parseDescriptor>);
  });

  test("keeps all that a registry uses, and does not mind the rest", () => {
    const parsed = parseDescriptor(
      {
        ...PLAIN,
        urls: ["https://a.example/x"],
        platform: { os: "linux", architecture: "arm", variant: "v7", "os.features": ["x"] },
        artifactType: "application/x",
        annotations: { k: "v" },
        data: "eA==",
        "org.example.extra": { nested: [1] },
      },
      "layers[0]",
    );
    expect(parsed).toMatchObject({
      urls: ["https://a.example/x"],
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      artifactType: "application/x",
      annotations: { k: "v" },
    });
  });

  test("may have null where Go wrote an empty field", () => {
    const nulls = { urls: null, platform: null, artifactType: null, annotations: null };
    expect(parseDescriptor({ ...PLAIN, ...nulls }, "config")).toMatchObject({ urls: [] });
  });

  test("has no size below 0, which JSON has too", () =>
    expect(parseDescriptor(JSON.parse(`{"mediaType":"a/b","digest":"${DIGEST}","size":-0}`), "config").sizeBytes).toBe(
      0,
    ));

  test.each([0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER])("may have size %d", (size) =>
    expect(parseDescriptor({ ...PLAIN, size }, "config").sizeBytes).toBe(size),
  );

  test.each([
    ["nothing", undefined, "config"],
    ["null", null, "config"],
    ["a text", "x", "config"],
    ["a list", [PLAIN], "config"],
    ["no media type", { ...PLAIN, mediaType: undefined }, "config.mediaType"],
    ["an empty media type", { ...PLAIN, mediaType: "" }, "config.mediaType"],
    ["a media type that is a number", { ...PLAIN, mediaType: 1 }, "config.mediaType"],
    ["no digest", { ...PLAIN, digest: undefined }, "config.digest"],
    ["a digest in upper case", { ...PLAIN, digest: DIGEST.toUpperCase() }, "config.digest"],
    ["a digest that is an object", { ...PLAIN, digest: {} }, "config.digest"],
    ["a digest of an unknown algorithm", { ...PLAIN, digest: "md5:abc" }, "config.digest"],
    ["no size", { ...PLAIN, size: undefined }, "config.size"],
    ["a size that is a text", { ...PLAIN, size: "7" }, "config.size"],
    ["a negative size", { ...PLAIN, size: -1 }, "config.size"],
    ["a broken size", { ...PLAIN, size: 1.5 }, "config.size"],
    ["a size that no number holds", { ...PLAIN, size: 2 ** 63 }, "config.size"],
    ["urls that are a text", { ...PLAIN, urls: "https://a" }, "config.urls"],
    ["urls with a number in them", { ...PLAIN, urls: ["https://a", 1] }, "config.urls"],
    ["a platform that is a list", { ...PLAIN, platform: [] }, "config.platform"],
    ["an os that is a number", { ...PLAIN, platform: { os: 1 } }, "config.platform.os"],
    ["an artifact type that is a number", { ...PLAIN, artifactType: 1 }, "config.artifactType"],
    ["annotations that are a list", { ...PLAIN, annotations: [] }, "config.annotations"],
    ["an annotation that is a number", { ...PLAIN, annotations: { k: 1 } }, "config.annotations"],
    ["an annotation that is null", { ...PLAIN, annotations: { k: null } }, "config.annotations"],
  ])("is refused with %s, naming the place", (_, value, place) => {
    const error = thrownBy(() => parseDescriptor(value, "config"));
    expect(error.kind).toBe("manifest-invalid");
    expect(error.message).toStartWith(`${place} `);
  });

  test("is either parsed or refused as an invalid manifest, whatever JSON it is", () => {
    let parsed = 0;
    const good = fc.record(
      {
        mediaType: fc.constant("a/b"),
        digest: fc.constant(DIGEST),
        size: fc.maxSafeNat(),
        urls: fc.array(fc.string()),
        platform: fc.record({ os: fc.string(), architecture: fc.string() }),
      },
      { requiredKeys: ["mediaType", "digest", "size"] },
    );
    const field = fc.constantFrom("mediaType", "digest", "size", "urls", "platform");
    const spoilt = fc
      .tuple(good, field, fc.jsonValue({ maxDepth: 1 }))
      .map(([value, key, other]) => ({ ...value, [key]: other }));
    fc.assert(
      fc.property(fc.oneof(good, spoilt, fc.jsonValue()), (value) => {
        try {
          const { sizeBytes } = parseDescriptor(value, "config");
          expect(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0).toBe(true);
          parsed += 1;
        } catch (error) {
          expect(error).toMatchObject({ kind: "manifest-invalid" });
        }
      }),
      { numRuns: 500 },
    );
    expect(parsed).toBeGreaterThan(100);
  });
});

describe("annotations", () => {
  test("are texts by name", () =>
    expect(parseAnnotations({ a: "", b: "x" }, "annotations")).toEqual({ a: "", b: "x" }));

  test("may be absent", () => {
    expect(parseAnnotations(undefined, "annotations")).toBeUndefined();
    expect(parseAnnotations(null, "annotations")).toBeUndefined();
  });

  test("may be called like parts of the language", () => {
    const annotations = JSON.parse('{"__proto__":"x","constructor":"y"}') as unknown;
    expect(JSON.stringify(parseAnnotations(annotations, "annotations"))).toBe('{"__proto__":"x","constructor":"y"}');
  });
});

test("a JSON object is neither null nor a list nor a value", () => {
  expect(isJsonObject({})).toBe(true);
  for (const value of [null, undefined, [], "x", 1, true]) expect(isJsonObject(value)).toBe(false);
});
