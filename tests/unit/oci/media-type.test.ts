import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  essenceOf,
  isIndexType,
  isManifestMediaType,
  isNonDistributable,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCTET_STREAM,
} from "../../../src/oci/index.ts";

describe("a manifest's media type", () => {
  test.each([OCI_IMAGE_MANIFEST, DOCKER_MANIFEST])("%s is an image manifest", (type) => {
    expect([isIndexType(type), isManifestMediaType(type)]).toEqual([false, true]);
  });

  test.each([OCI_IMAGE_INDEX, DOCKER_MANIFEST_LIST])("%s is an index", (type) => {
    expect([isIndexType(type), isManifestMediaType(type)]).toEqual([true, true]);
  });

  test.each([
    OCTET_STREAM,
    "application/json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.oci.artifact.manifest.v1+json",
    "",
    "toString",
  ])("%j is none", (type) => expect(isManifestMediaType(type)).toBe(false));
});

describe("the essence of a content type", () => {
  test.each([
    ["a/b", "a/b"],
    ["a/b; charset=utf-8", "a/b"],
    ["a/b;charset=utf-8;q=1", "a/b"],
    [" A/B ", "a/b"],
    [`${OCI_IMAGE_MANIFEST} ; x=";"`, OCI_IMAGE_MANIFEST],
    [";", ""],
    ["", ""],
  ])("of %j is %j", (header, essence) => expect(essenceOf(header)).toBe(essence));

  test("does not change when it is taken again, and never has parameters", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(essenceOf(essenceOf(header))).toBe(essenceOf(header));
        expect(essenceOf(header)).not.toContain(";");
      }),
    );
  });
});

describe("a non-distributable layer", () => {
  test.each([
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ])("is %s", (type) => expect(isNonDistributable(type)).toBe(true));

  test.each([
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.config.v1+json",
    "x application/vnd.oci.image.layer.nondistributable.v1.tar",
    "",
  ])("is not %j", (type) => expect(isNonDistributable(type)).toBe(false));
});
