import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  type Manifest,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseManifest,
} from "../../../src/oci/index.ts";
import { thrownBy } from "../../support/thrown-error.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const descriptor = (letter: string, mediaType = "application/x") => ({ mediaType, digest: digest(letter), size: 1 });
const IMAGE = {
  schemaVersion: 2,
  config: descriptor("c", "application/config"),
  layers: [descriptor("1"), descriptor("2")],
};
const INDEX = { schemaVersion: 2, manifests: [descriptor("3", OCI_IMAGE_MANIFEST)] };

function parse(value: unknown, contentType: string | undefined = OCI_IMAGE_MANIFEST): Manifest {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return parseManifest(Buffer.from(text), contentType);
}

function messageFor(value: unknown, contentType?: string): string {
  const error = thrownBy(() => parse(value, contentType));
  expect(error.kind).toBe("manifest-invalid");
  return error.message;
}

describe("a manifest of very many descriptors", () => {
  const many = (count: number) => Array.from({ length: count }, () => descriptor("1"));

  test("is taken with 10,000 of them", () => {
    expect(parse({ ...IMAGE, layers: many(10_000) }).blobs).toHaveLength(10_001);
    expect(parse({ ...INDEX, manifests: many(10_000) }, OCI_IMAGE_INDEX).manifests).toHaveLength(10_000);
  });

  test("is refused with more", () => {
    expect(messageFor({ ...IMAGE, layers: many(10_001) })).toBe(
      "layers has 10001 descriptors: at most 10000 are taken",
    );
    const message = messageFor({ ...INDEX, manifests: many(10_001) }, OCI_IMAGE_INDEX);
    expect(message).toBe("manifests has 10001 descriptors: at most 10000 are taken");
  });
});

describe("an image manifest", () => {
  test.each([OCI_IMAGE_MANIFEST, DOCKER_MANIFEST])(
    "of type %s names its config first, then its layers",
    (mediaType) => {
      const manifest = parse({ ...IMAGE, mediaType }, mediaType);
      expect(manifest.mediaType as string).toBe(mediaType);
      expect(manifest.blobs.map((blob) => blob.digest as string)).toEqual([digest("c"), digest("1"), digest("2")]);
      expect(manifest.manifests).toEqual([]);
    },
  );

  test("may have no layers", () => {
    expect(parse({ ...IMAGE, layers: [] }).blobs).toHaveLength(1);
    expect(parse({ ...IMAGE, layers: null }).blobs).toHaveLength(1);
    expect(parse({ ...IMAGE, layers: undefined }).blobs).toHaveLength(1);
  });

  test("may leave its media type to the request", () => expect(parse(IMAGE).mediaType).toBe(OCI_IMAGE_MANIFEST));

  test("has the artifact type that it says", () =>
    expect(parse({ ...IMAGE, artifactType: "application/sbom" }).artifactType).toBe("application/sbom"));

  test.each([undefined, null, ""])("with artifact type %j has the media type of its config", (artifactType) =>
    expect(parse({ ...IMAGE, artifactType }).artifactType).toBe("application/config"),
  );

  test("keeps subject and annotations", () => {
    const manifest = parse({ ...IMAGE, subject: descriptor("5"), annotations: { k: "v" } });
    expect(manifest.subject?.digest as string | undefined).toBe(digest("5"));
    expect(manifest.annotations).toEqual({ k: "v" });
  });

  test("without subject has none", () => {
    expect(parse(IMAGE).subject).toBeUndefined();
    expect(parse({ ...IMAGE, subject: null }).subject).toBeUndefined();
  });

  test("may carry fields that nobody knows", () =>
    expect(parse({ ...IMAGE, "org.example": [{}] }).blobs).toHaveLength(3));

  test("may name the same blob twice", () =>
    expect(parse({ ...IMAGE, layers: [descriptor("1"), descriptor("1")] }).blobs).toHaveLength(3));
});

describe("an index", () => {
  test.each([OCI_IMAGE_INDEX, DOCKER_MANIFEST_LIST])("of type %s names its children", (mediaType) => {
    const manifest = parse({ ...INDEX, mediaType }, mediaType);
    expect(manifest.manifests.map((child) => child.digest as string)).toEqual([digest("3")]);
    expect(manifest.blobs).toEqual([]);
  });

  test("may be empty", () => {
    for (const manifests of [[], null, undefined])
      expect(parse({ ...INDEX, manifests }, OCI_IMAGE_INDEX).manifests).toEqual([]);
  });

  test("has no artifact type but its own", () => {
    expect(parse(INDEX, OCI_IMAGE_INDEX).artifactType).toBeUndefined();
    expect(parse({ ...INDEX, artifactType: "a/b" }, OCI_IMAGE_INDEX).artifactType).toBe("a/b");
  });

  test("keeps the platform of a child", () => {
    const child = { ...descriptor("3"), platform: { os: "linux", architecture: "arm64" } };
    expect(parse({ ...INDEX, manifests: [child] }, OCI_IMAGE_INDEX).manifests[0]?.platform).toMatchObject({
      os: "linux",
      architecture: "arm64",
    });
  });
});

describe("the content type of a manifest", () => {
  test.each([`${OCI_IMAGE_MANIFEST}; charset=utf-8`, ` ${OCI_IMAGE_MANIFEST} `, OCI_IMAGE_MANIFEST.toUpperCase()])(
    "may be written %j",
    (contentType) => expect(parse({ ...IMAGE, mediaType: OCI_IMAGE_MANIFEST }, contentType).blobs).toHaveLength(3),
  );

  test("must be there", () => {
    expect(thrownBy(() => parseManifest(Buffer.from("{}"), undefined)).message).toContain("no Content-Type");
    expect(messageFor(IMAGE, "")).toContain("no Content-Type");
  });

  test.each(["application/json", "text/plain", "x", `${OCI_IMAGE_MANIFEST}, ${OCI_IMAGE_INDEX}`])(
    "cannot be %s",
    (contentType) => expect(messageFor(IMAGE, contentType)).toContain("not a media type of a manifest"),
  );

  test.each(["json", "prettyjws"])("cannot be schema 1 (+%s), and the message says so", (suffix) =>
    expect(messageFor(IMAGE, `application/vnd.docker.distribution.manifest.v1+${suffix}`)).toContain("schema 1"),
  );

  test("must agree with the body", () => {
    expect(messageFor({ ...IMAGE, mediaType: DOCKER_MANIFEST })).toContain("Content-Type");
    expect(messageFor({ ...INDEX, mediaType: OCI_IMAGE_INDEX }, DOCKER_MANIFEST_LIST)).toContain("Content-Type");
    expect(messageFor({ ...IMAGE, mediaType: 7 })).toContain("mediaType");
  });
});

describe("a body is no manifest", () => {
  test.each([
    ["empty", "", "JSON"],
    ["cut off", '{"schemaVersion":2', "JSON"],
    ["followed by more", '{"schemaVersion":2}x', "JSON"],
    ["a list", "[]", "JSON object"],
    ["null", "null", "JSON object"],
    ["a text", '"x"', "JSON object"],
    ["a number", "1", "JSON object"],
    ["without schema version", { ...IMAGE, schemaVersion: undefined }, "schemaVersion"],
    ["of schema version 1", { ...IMAGE, schemaVersion: 1 }, "schemaVersion"],
    ["of schema version 3", { ...IMAGE, schemaVersion: 3 }, "schemaVersion"],
    ['of schema version "2"', { ...IMAGE, schemaVersion: "2" }, "schemaVersion"],
    ["without config", { ...IMAGE, config: undefined }, "config"],
    ["with config null", { ...IMAGE, config: null }, "config"],
    ["with layers that are an object", { ...IMAGE, layers: {} }, "layers is not a list"],
    ["with a layer that is a text", { ...IMAGE, layers: ["x"] }, "layers[0]"],
    [
      "with a bad second layer",
      { ...IMAGE, layers: [descriptor("1"), { ...descriptor("2"), size: -1 }] },
      "layers[1].size",
    ],
    ["with a bad subject", { ...IMAGE, subject: {} }, "subject.mediaType"],
    ["with a subject that is a text", { ...IMAGE, subject: digest("5") }, "subject"],
    ["with annotations that are numbers", { ...IMAGE, annotations: { k: 1 } }, "annotations"],
    ["with an artifact type that is a number", { ...IMAGE, artifactType: 1 }, "artifactType"],
    ["with both layers and manifests", { ...IMAGE, manifests: [] }, "both"],
    ["with a key in another case", { ...IMAGE, Manifests: [] }, "write manifests"],
    [
      "with a layer's key in another case",
      { ...IMAGE, layers: [{ ...descriptor("1"), Digest: digest("2") }] },
      "write digest",
    ],
    ["with a config's key in another case", { ...IMAGE, config: { ...IMAGE.config, SIZE: 2 } }, "write size"],
    [
      "with a subject's key in letters that Go takes for it",
      { ...IMAGE, subject: { ...descriptor("5"), digeſt: "" } },
      "write digest",
    ],
    ["with a key in letters that Go takes for it", { ...IMAGE, manifeſtſ: [] }, "write manifests"],
  ])("when it is %s", (_, body, message) => expect(messageFor(body)).toContain(message));

  test.each([
    ["with both manifests and layers", { ...INDEX, layers: [] }, "both"],
    ["with both manifests and config", { ...INDEX, config: {} }, "both"],
    ["with manifests that are an object", { ...INDEX, manifests: {} }, "manifests is not a list"],
    ["with a child that is a text", { ...INDEX, manifests: ["x"] }, "manifests[0]"],
    [
      "with a child's platform in another case",
      { ...INDEX, manifests: [{ ...descriptor("3"), platform: { os: "linux", OS: "windows" } }] },
      "manifests[0].platform has a key OS: write os",
    ],
  ])("when it is an index %s", (_, body, message) => expect(messageFor(body, OCI_IMAGE_INDEX)).toContain(message));

  test("when it is not UTF-8, or starts with a byte order mark", () => {
    const latin1 = Buffer.from(JSON.stringify({ ...IMAGE, annotations: { k: "é" } }), "latin1");
    expect(thrownBy(() => parseManifest(latin1, OCI_IMAGE_MANIFEST)).message).toContain("UTF-8");
    expect(messageFor(`\uFEFF${JSON.stringify(IMAGE)}`)).toContain("JSON");
    const utf16 = Buffer.from(JSON.stringify(IMAGE), "utf16le");
    expect(thrownBy(() => parseManifest(utf16, OCI_IMAGE_MANIFEST)).kind).toBe("manifest-invalid");
  });

  test("when it is nested deeper than can be read", () => {
    expect(messageFor("[".repeat(2_000_000))).toContain("JSON");
    expect(messageFor(`{"a":`.repeat(500_000))).toContain("JSON");
  });

  test("and the message stays small", () => {
    const message = messageFor({ ...IMAGE, mediaType: "x".repeat(100_000) });
    expect(message.length).toBeLessThan(1000);
  });
});

describe("a manifest, whatever it is,", () => {
  const contentType = fc.constantFrom(OCI_IMAGE_MANIFEST, OCI_IMAGE_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST);

  test("is parsed or refused, nothing else", () => {
    let parsed = 0;
    const part = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(descriptor("1"), [descriptor("1")], { ...descriptor("2"), size: "1" }),
    );
    const field = fc.constantFrom("schemaVersion", "config", "layers", "manifests", "subject", "annotations");
    const spoilt = fc
      .tuple(fc.constantFrom(IMAGE, INDEX), fc.array(fc.tuple(field, part), { maxLength: 2 }))
      .map(([body, changes]) => ({ ...body, mediaType: undefined, ...Object.fromEntries(changes) }));
    fc.assert(
      fc.property(fc.oneof(spoilt, fc.jsonValue()), contentType, (value, type) => {
        try {
          const manifest = parse(value, type);
          expect(manifest.blobs.length === 0 || manifest.manifests.length === 0).toBe(true);
          parsed += 1;
        } catch (error) {
          expect(error).toMatchObject({ kind: "manifest-invalid" });
        }
      }),
      { numRuns: 1000 },
    );
    expect(parsed).toBeGreaterThan(40);
  });

  test("is refused when its bytes are noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), contentType, (bytes, type) => {
        expect(thrownBy(() => parseManifest(bytes, type)).kind).toBe("manifest-invalid");
      }),
    );
  });
});
