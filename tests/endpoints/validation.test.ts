import { describe } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { pushBlob } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { CONFIG, IMAGE, INDEX, LAYER, pushSample } from "./sample.ts";

const http = (validation: object) => clientWith({ config: { validation } }, (http) => pushSample(http, "app"));

const put = (about: string, content: Content, expected: Pick<Row, "status" | "code" | "count">): Row => ({
  about,
  ask: "PUT /v2/app/manifests/pushed",
  headers: {
    "content-type": new TextDecoder().decode(content.bytes).includes('"manifests"')
      ? OCI_IMAGE_INDEX
      : OCI_IMAGE_MANIFEST,
  },
  body: content.bytes,
  ...expected,
});

const taken = { status: 201 } as const;
const invalid = { status: 400, code: "MANIFEST_INVALID" } as const;
const missing = { status: 400, code: "MANIFEST_BLOB_UNKNOWN" } as const;

/** An image with a layer that is somewhere else. */
function elsewhere(...urls: readonly string[]): Content {
  const layer = descriptorOf(contentOf("far away"), "application/vnd.oci.image.layer.nondistributable.v1.tar", {
    urls,
  });
  return imageManifest({ config: CONFIG, layers: [], more: { layers: [layer] } });
}

describe("validation.manifests.urls", () => {
  describe("of nothing", () => {
    testRows(http({}), [
      put("takes a layer without URL", elsewhere(), taken),
      put("takes no URL", elsewhere("https://a.example/x"), invalid),
    ]);
  });

  describe("with allow", () => {
    testRows(http({ manifests: { urls: { allow: ["^https://a\\.example/"] } } }), [
      put("takes a URL that matches", elsewhere("https://a.example/x"), taken),
      put("takes it twice", elsewhere("https://a.example/x", "https://a.example/y"), taken),
      put("takes no other", elsewhere("https://b.example/x"), invalid),
      put("takes no other among them", elsewhere("https://a.example/x", "https://b.example/x"), invalid),
      put("takes no empty one", elsewhere(""), invalid),
      put("takes no path", elsewhere("/x"), invalid),
      put("takes no fragment", elsewhere("https://a.example/x#y"), invalid),
    ]);
  });

  describe("with deny", () => {
    testRows(http({ manifests: { urls: { allow: ["."], deny: ["^https://evil\\.example/"] } } }), [
      put("takes a URL that does not match", elsewhere("https://a.example/x"), taken),
      put("takes none that does", elsewhere("https://evil.example/x"), invalid),
      put("takes no other scheme", elsewhere("ftp://a.example/x"), invalid),
      put("takes no file", elsewhere("file:///etc/passwd"), invalid),
    ]);
  });
});

const child = (os: string, architecture: string, content = contentOf(`absent ${os} ${architecture}`)) =>
  descriptorOf(content, OCI_IMAGE_MANIFEST, { platform: { os, architecture } });
const indexOf = (...manifests: readonly object[]) => imageIndex([], { manifests });

describe("validation.manifests.indexes.platforms", () => {
  const sparse = indexOf(child("linux", "amd64", IMAGE), child("linux", "arm64"), child("windows", "amd64"));

  describe("all", () => {
    testRows(http({ manifests: { indexes: { platforms: "all" } } }), [
      put("wants every child", sparse, { ...missing, count: 2 }),
      put("takes an index that has all", INDEX, taken),
    ]);
  });

  describe("none", () => {
    testRows(http({ manifests: { indexes: { platforms: "none" } } }), [
      put("wants no child", sparse, taken),
      put(
        "wants the layers of an image all the same",
        imageManifest({ config: CONFIG, layers: [contentOf("absent")] }),
        {
          ...missing,
          count: 1,
        },
      ),
    ]);
  });

  describe("list", () => {
    const platformlist = [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ];
    testRows(http({ manifests: { indexes: { platforms: "list", platformlist } } }), [
      put("wants the children that are listed", sparse, { ...missing, count: 1 }),
      put(
        "takes an index that lacks others",
        indexOf(child("linux", "amd64", IMAGE), child("windows", "amd64")),
        taken,
      ),
      put("takes a child without platform", imageIndex([contentOf("absent")]), taken),
    ]);
  });
});

describe("validation.disabled", () => {
  testRows(http({ disabled: true }), [
    put(
      "takes an image whose blobs are absent",
      imageManifest({ config: contentOf("1"), layers: [contentOf("2")] }),
      taken,
    ),
    put("takes an index whose children are absent", imageIndex([contentOf("3")]), taken),
    put("takes any URL", elsewhere("https://anywhere.example/x"), taken),
    put("takes no manifest that is none", contentOf("{"), invalid),
    put(
      "takes no image that is an index too",
      imageManifest({ config: CONFIG, layers: [LAYER], more: { manifests: [] } }),
      invalid,
    ),
  ]);
});

describe("an index of layers, as build caches are,", () => {
  const cache = (layer: Content) =>
    contentOf(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_INDEX,
        manifests: [descriptorOf(layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
      }),
    );
  const plain = clientWith({}, (http) => pushBlob(http, "app", LAYER));
  testRows(plain, [
    put("is taken when the layers are there", cache(LAYER), taken),
    put("is refused when they are not", cache(contentOf("absent")), { ...missing, count: 1 }),
  ]);
});
