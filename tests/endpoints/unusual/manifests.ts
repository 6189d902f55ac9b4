import { DOCKER_MANIFEST, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../../src/oci/index.ts";
import { contentOf, descriptorOf, imageManifest } from "../../support/oci-content.ts";
import { CONFIG, IMAGE, LAYER } from "../sample.ts";
import { each, request, type UnusualRow } from "./row.ts";

function put(body: string | Uint8Array, type = OCI_IMAGE_MANIFEST, more: readonly string[] = []): UnusualRow["send"] {
  const length = typeof body === "string" ? Buffer.byteLength(body, "latin1") : body.byteLength;
  const headers = [...(type === "" ? [] : [`Content-Type: ${type}`]), `Content-Length: ${length}`, ...more];
  return [request("PUT", "/v2/app/manifests/unusual", { headers }), body];
}

const invalid = { status: 400, code: "MANIFEST_INVALID" } as const;
const image = new TextDecoder().decode(IMAGE.bytes);
/** The image with other fields. */
const changed = (more: object) =>
  new TextDecoder().decode(imageManifest({ config: CONFIG, layers: [LAYER], more }).bytes);
const layer = (more: object) => changed({ layers: [{ ...descriptorOf(LAYER, "a/b"), ...more }] });
const index = (more: object) =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: [], ...more });
/** The image with a part of its text replaced: for what `JSON.stringify` cannot write. */
const rewritten = (from: string, to: string) => image.replace(from, to);

const NO_JSON = [
  "",
  " ",
  "{",
  "}",
  "nul",
  "{'a':1}",
  '{"a":1,}',
  "[1,2",
  '"\\x"',
  "NaN",
  `${image},`,
  `${image}${image}`,
  image.slice(0, -1),
];
const NO_OBJECTS = ["null", "true", "1", '"text"', "[]", `[${image}]`];

const WRONG_TYPES: readonly (readonly [what: string, body: string])[] = [
  ["a schema version that is text", changed({ schemaVersion: "2" })],
  ["a schema version that is null", changed({ schemaVersion: null })],
  ["a schema version of 2.5", changed({ schemaVersion: 2.5 })],
  ["a media type that is a number", changed({ mediaType: 1 })],
  ["a media type that is a list", changed({ mediaType: [OCI_IMAGE_MANIFEST] })],
  ["a config that is text", changed({ config: CONFIG.digest })],
  ["a config that is a list", changed({ config: [] })],
  ["a config that is null", changed({ config: null })],
  ["layers that are an object", changed({ layers: {} })],
  ["layers that are text", changed({ layers: "x" })],
  ["layers that are a number", changed({ layers: 1 })],
  ["a layer that is null", changed({ layers: [null] })],
  ["a layer that is a list", changed({ layers: [[]] })],
  ["a digest that is a number", layer({ digest: 1 })],
  ["a digest that is null", layer({ digest: null })],
  ["a digest in upper case", layer({ digest: LAYER.digest.toUpperCase() })],
  ["a digest with a way out", layer({ digest: "sha256:../../../../etc/passwd" })],
  ["a size that is text", layer({ size: "10" })],
  ["a size that is negative", layer({ size: -1 })],
  ["a size that is broken", layer({ size: 0.5 })],
  ["a size that is null", layer({ size: null })],
  ["a size that is too large for a number", rewritten('"size":10', '"size":1e400')],
  ["a size that is 2^63", rewritten('"size":10', '"size":9223372036854775808')],
  ["urls that are text", layer({ urls: "https://a.example" })],
  ["urls of objects", layer({ urls: [{}] })],
  ["a subject that is text", changed({ subject: LAYER.digest })],
  ["a subject that is a list", changed({ subject: [] })],
  ["a subject without digest", changed({ subject: { mediaType: OCI_IMAGE_MANIFEST, size: 1 } })],
  ["annotations that are a list", changed({ annotations: [] })],
  ["annotations that are text", changed({ annotations: "x" })],
  ["an annotation that is an object", changed({ annotations: { a: {} } })],
  ["an artifact type that is a list", changed({ artifactType: [] })],
  ["both layers and manifests", changed({ manifests: [] })],
  ["both layers and manifests, with children", changed({ manifests: [descriptorOf(IMAGE, OCI_IMAGE_MANIFEST)] })],
];

const WRONG_INDEXES: readonly (readonly [what: string, body: string])[] = [
  ["both manifests and layers", index({ layers: [] })],
  ["both manifests and config", index({ config: descriptorOf(CONFIG, "a/b") })],
  ["children that are an object", index({ manifests: {} })],
  ["children that are text", index({ manifests: [IMAGE.digest] })],
  ["a platform that is text", index({ manifests: [descriptorOf(IMAGE, OCI_IMAGE_MANIFEST, { platform: "linux" })] })],
  ["the media type of an image", index({ mediaType: OCI_IMAGE_MANIFEST })],
];

const nested = (depth: number, open: string, close: string) =>
  image.replace("{", `{"x":${open.repeat(depth)}1${close.repeat(depth)},`);

export const MANIFESTS: readonly UnusualRow[] = [
  ...each("no JSON", NO_JSON, (body) => ({ send: put(body), ...invalid })),
  ...each("no object", NO_OBJECTS, (body) => ({ send: put(body), ...invalid })),
  ...WRONG_TYPES.map(([what, body]): UnusualRow => ({ about: `an image with ${what}`, send: put(body), ...invalid })),
  ...WRONG_INDEXES.map(([what, body]): UnusualRow => ({
    about: `an index with ${what}`,
    send: put(body, OCI_IMAGE_INDEX),
    ...invalid,
  })),

  { about: "noise", send: put(Buffer.from([0, 159, 146, 150, 255])), ...invalid },
  { about: "NULs", send: put("\0".repeat(1000)), ...invalid },
  { about: "a byte order mark", send: put(Buffer.from(`\uFEFF${image}`)), ...invalid },
  { about: "UTF-16", send: put(Buffer.from(image, "utf16le")), ...invalid },
  { about: "Latin-1", send: put(Buffer.from(changed({ annotations: { a: "é" } }), "latin1")), ...invalid },
  { about: "lists in 100 thousand lists", send: put(nested(100_000, "[", "]")), status: [201, 400] },
  { about: "objects in 100 thousand objects", send: put(nested(100_000, '{"a":', "}")), status: [201, 400] },
  { about: "2 million open lists", send: put("[".repeat(2_000_000)), ...invalid },
  {
    about: "a list nested where annotations belong",
    send: put(changed({ annotations: JSON.parse("[".repeat(500) + "]".repeat(500)) as unknown })),
    ...invalid,
  },
  { about: "fields twice", send: put(image.replace("{", '{"schemaVersion":1,')), status: 201 },
  {
    about: "names of the language",
    send: put(image.replace("{", '{"__proto__":{"layers":1},"constructor":1,')),
    status: 201,
  },
  {
    about: "annotations called like the language",
    send: put(image.replace("{", '{"annotations":{"__proto__":"x","toString":"y"},')),
    status: 201,
  },
  { about: "half a character", send: put(image.replace("{", '{"annotations":{"a":"\\ud800"},')), status: 201 },
  {
    about: "a NUL in an annotation",
    send: put(image.replace("{", '{"annotations":{"\\u0000":"\\u0000"},')),
    status: 201,
  },
  { about: "a number beyond all", send: put(image.replace("{", '{"x":1e99999,')), status: 201 },
  {
    about: "10 thousand layers that are one",
    send: put(changed({ layers: Array.from({ length: 10_000 }, () => descriptorOf(LAYER, "a/b")) })),
    status: 201,
  },
  {
    about: "9 thousand layers that are absent",
    send: put(changed({ layers: Array.from({ length: 9_000 }, (_, i) => descriptorOf(contentOf(String(i)), "a/b")) })),
    status: 400,
    code: "MANIFEST_BLOB_UNKNOWN",
  },
  {
    about: "20 thousand layers, which is more than an image has",
    send: put(changed({ layers: Array.from({ length: 20_000 }, () => descriptorOf(LAYER, "a/b")) })),
    ...invalid,
  },
  {
    about: "10 thousand children that are absent",
    send: put(
      index({
        manifests: Array.from({ length: 10_000 }, (_, i) => ({
          mediaType: "a",
          size: 1,
          digest: contentOf(String(i)).digest,
        })),
      }),
      OCI_IMAGE_INDEX,
    ),
    status: 400,
    code: "MANIFEST_BLOB_UNKNOWN",
  },

  { about: "no content type", send: put(image, ""), ...invalid },
  ...each(
    "the content type",
    ["text/html", "application/json", "*/*", ";", "a", `${OCI_IMAGE_MANIFEST}, ${DOCKER_MANIFEST}`, "x".repeat(10_000)],
    (type) => ({
      send: put(image, type),
      ...invalid,
    }),
  ),
  {
    about: "two content types",
    send: put(image, OCI_IMAGE_MANIFEST, [`Content-Type: ${DOCKER_MANIFEST}`]),
    ...invalid,
  },
  { about: "a content type with odd parameters", send: put(image, `${OCI_IMAGE_MANIFEST};;charset="`), status: 201 },
  {
    about: "a packed manifest",
    send: put(Bun.gzipSync(Buffer.from(image)), OCI_IMAGE_MANIFEST, ["Content-Encoding: gzip"]),
    ...invalid,
  },
  {
    about: "a manifest said to be 1 TiB",
    send: [
      request("PUT", "/v2/app/manifests/x", {
        headers: [`Content-Type: ${OCI_IMAGE_MANIFEST}`, "Content-Length: 1099511627776"],
      }),
      "{",
    ],
    status: 413,
    code: "MANIFEST_INVALID",
  },
  {
    about: "a stream that is larger than a manifest may be",
    send: [
      request("PUT", "/v2/app/manifests/x", {
        headers: [`Content-Type: ${OCI_IMAGE_MANIFEST}`, "Transfer-Encoding: chunked"],
      }),
      ...Array.from({ length: 5 }, () => `100000\r\n${"x".repeat(0x100000)}\r\n`),
    ],
    status: 413,
    code: "MANIFEST_INVALID",
  },
];
