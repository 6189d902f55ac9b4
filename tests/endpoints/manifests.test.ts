import { describe } from "bun:test";

import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  MAX_MANIFEST_BYTES,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
} from "../../src/oci/index.ts";
import type { HttpClient } from "../support/http-client.ts";
import { type Content, contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushManifest } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { ABSENT, CONFIG, IMAGE, INDEX, LAYER, pushSample } from "./sample.ts";

const http = clientWith({}, async (http) => {
  await pushSample(http, "app");
  await pushBlob(http, "blobs-only", CONFIG);
});

const text = (content: Content) => new TextDecoder().decode(content.bytes);
const described = {
  "content-type": OCI_IMAGE_MANIFEST,
  "content-length": String(IMAGE.bytes.byteLength),
  "docker-content-digest": IMAGE.digest,
  etag: `"${IMAGE.digest}"`,
};

describe("GET of a manifest", () => {
  const byTag: Row = {
    about: "by tag",
    ask: "GET /v2/app/manifests/latest",
    status: 200,
    answers: { ...described, "cache-control": "no-cache" },
    bytes: IMAGE.bytes,
  };
  testRows(http, [
    byTag,
    {
      about: "by digest",
      ask: `GET /v2/app/manifests/${IMAGE.digest}`,
      status: 200,
      answers: { ...described, "cache-control": "max-age=31536000" },
      bytes: IMAGE.bytes,
    },
    {
      about: "of an index",
      ask: "GET /v2/app/manifests/multi",
      status: 200,
      answers: { "content-type": OCI_IMAGE_INDEX, "docker-content-digest": INDEX.digest },
      bytes: INDEX.bytes,
    },
    // It is what it is: no Accept turns it into something else.
    { ...byTag, about: "that says it takes it", headers: { accept: OCI_IMAGE_MANIFEST } },
    { ...byTag, about: "that says it takes all", headers: { accept: "*/*" } },
    { ...byTag, about: "that says it takes something else", headers: { accept: DOCKER_MANIFEST } },
    { ...byTag, about: "that says it takes nothing", headers: { accept: "" } },
    { ...byTag, about: "by a mirror's client", ask: "GET /v2/app/manifests/latest?ns=docker.io" },
    { about: "by an absent tag", ask: "GET /v2/app/manifests/absent", status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "by a tag in another case", ask: "GET /v2/app/manifests/Latest", status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "by an absent digest", ask: `GET /v2/app/manifests/${ABSENT}`, status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "that is a blob", ask: `GET /v2/app/manifests/${LAYER.digest}`, status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "of no repository", ask: "GET /v2/nobody/manifests/latest", status: 404, code: "NAME_UNKNOWN" },
    {
      about: "of a repository of blobs",
      ask: "GET /v2/blobs-only/manifests/latest",
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    { about: "by a bad digest", ask: "GET /v2/app/manifests/sha256:x", status: 400, code: "DIGEST_INVALID" },
    { about: "by a bad tag", ask: "GET /v2/app/manifests/-x", status: 400, code: "TAG_INVALID" },
    { about: "by a long tag", ask: `GET /v2/app/manifests/${"x".repeat(129)}`, status: 400, code: "TAG_INVALID" },
    { about: "in upper case", ask: "GET /v2/App/manifests/latest", status: 400, code: "NAME_INVALID" },
  ]);
});

describe("HEAD of a manifest", () => {
  testRows(http, [
    { about: "by tag", ask: "HEAD /v2/app/manifests/latest", status: 200, answers: described, text: "" },
    { about: "by digest", ask: `HEAD /v2/app/manifests/${IMAGE.digest}`, status: 200, answers: described, text: "" },
    { about: "that is absent", ask: "HEAD /v2/app/manifests/absent", status: 404, text: "" },
    { about: "of no repository", ask: "HEAD /v2/nobody/manifests/latest", status: 404, text: "" },
    { about: "by a bad digest", ask: "HEAD /v2/app/manifests/sha256:x", status: 400, text: "" },
  ]);
});

describe("GET of a manifest that the client has", () => {
  const known: Row = {
    about: "sends nothing",
    ask: "GET /v2/app/manifests/latest",
    status: 304,
    answers: { etag: `"${IMAGE.digest}"`, "docker-content-digest": IMAGE.digest },
    text: "",
  };
  testRows(http, [
    { ...known, headers: { "if-none-match": `"${IMAGE.digest}"` } },
    { ...known, headers: { "if-none-match": IMAGE.digest } },
    { ...known, ask: "HEAD /v2/app/manifests/latest", headers: { "if-none-match": `"${IMAGE.digest}"` } },
    {
      about: "sends it when it has another",
      ask: "GET /v2/app/manifests/latest",
      headers: { "if-none-match": `"${INDEX.digest}"` },
      status: 200,
      bytes: IMAGE.bytes,
    },
    {
      about: "that is absent",
      ask: "GET /v2/app/manifests/absent",
      headers: { "if-none-match": "*" },
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
  ]);
});

/** A repository with the blobs of the sample. */
const blobs = async (http: HttpClient, repository: string) => {
  await pushBlob(http, repository, CONFIG);
  await pushBlob(http, repository, LAYER);
};

const put = (about: string, body: string | Content, expected: Partial<Row> & Pick<Row, "status">): Row => ({
  about,
  given: blobs,
  ask: "PUT /v2/{repo}/manifests/latest",
  headers: { "content-type": OCI_IMAGE_MANIFEST },
  body: typeof body === "string" ? body : text(body),
  ...expected,
});

const taken = (content: Content) => ({
  location: `{url}/v2/{repo}/manifests/${content.digest}`,
  "docker-content-digest": content.digest,
  "content-length": "0",
  "oci-subject": null,
  "oci-tag": null,
});

describe("PUT of a manifest", () => {
  const index = { headers: { "content-type": OCI_IMAGE_INDEX } } as const;
  const subject = descriptorOf(contentOf("absent"), OCI_IMAGE_MANIFEST);
  const attached = imageManifest({ config: CONFIG, layers: [LAYER], more: { subject } });
  testRows(http, [
    put("by tag", IMAGE, { status: 201, answers: taken(IMAGE), text: "" }),
    put("by digest", IMAGE, { ask: `PUT /v2/{repo}/manifests/${IMAGE.digest}`, status: 201, answers: taken(IMAGE) }),
    put("with a subject", attached, {
      status: 201,
      answers: { "oci-subject": contentOf("absent").digest, "docker-content-digest": attached.digest },
    }),
    put("of an index", INDEX, { ...index, given: pushSample, status: 201, answers: taken(INDEX) }),
    put("of an empty index", imageIndex([]), { ...index, status: 201 }),
    put("with tags beside the digest", IMAGE, {
      ask: `PUT /v2/{repo}/manifests/${IMAGE.digest}?tag=a&tag=b&tag=a`,
      status: 201,
      answers: { "oci-tag": "a, b" },
    }),
    put("with tags beside the tag", IMAGE, {
      ask: "PUT /v2/{repo}/manifests/latest?tag=a",
      status: 201,
      answers: { "oci-tag": /(?=.*\ba\b).*/ },
    }),
    put("with a bad tag beside", IMAGE, {
      ask: `PUT /v2/{repo}/manifests/${IMAGE.digest}?tag=-a`,
      status: 400,
      code: "TAG_INVALID",
    }),
    put("with too many tags", IMAGE, {
      ask: `PUT /v2/{repo}/manifests/${IMAGE.digest}?${Array.from({ length: 101 }, (_, i) => `tag=t${i}`).join("&")}`,
      status: 414,
      code: "TAG_INVALID",
    }),
    put("with a parameter in the content type", IMAGE, {
      headers: { "content-type": `${OCI_IMAGE_MANIFEST}; charset=utf-8` },
      status: 201,
    }),
  ]);
});

describe("PUT of a bad manifest", () => {
  const more = (more: object) => imageManifest({ config: CONFIG, layers: [LAYER], more });
  const invalid = { status: 400, code: "MANIFEST_INVALID" } as const;
  const type = (contentType: string) => ({ headers: { "content-type": contentType } });
  testRows(http, [
    put("by another digest", IMAGE, {
      ask: `PUT /v2/{repo}/manifests/${ABSENT}`,
      status: 400,
      code: "DIGEST_INVALID",
    }),
    put("by a bad digest", IMAGE, { ask: "PUT /v2/{repo}/manifests/md5:x", status: 400, code: "DIGEST_INVALID" }),
    put("by a bad tag", IMAGE, { ask: "PUT /v2/{repo}/manifests/-x", status: 400, code: "TAG_INVALID" }),
    put("in upper case", IMAGE, { ask: "PUT /v2/Repo/manifests/x", status: 400, code: "NAME_INVALID" }),
    put("without body", "", invalid),
    put("that is no JSON", "{", invalid),
    put("that is a list", "[]", invalid),
    put("of schema version 1", more({ schemaVersion: 1 }), invalid),
    put("without config", more({ config: undefined }), invalid),
    put("with manifests too", more({ manifests: [] }), invalid),
    put("with a bad digest in it", more({ layers: [{ ...descriptorOf(LAYER, "a/b"), digest: "sha256:x" }] }), invalid),
    put("with a negative size in it", more({ layers: [{ ...descriptorOf(LAYER, "a/b"), size: -1 }] }), invalid),
    put("of another type in the header", IMAGE, { ...type(DOCKER_MANIFEST), ...invalid }),
    put("of an unknown type", more({ mediaType: undefined }), { ...type("application/json"), ...invalid }),
    put("of an artifact manifest", "{}", { ...type("application/vnd.oci.artifact.manifest.v1+json"), ...invalid }),
    put("of schema 1", "{}", { ...type("application/vnd.docker.distribution.manifest.v1+prettyjws"), ...invalid }),
    put("whose layer is absent", imageManifest({ config: CONFIG, layers: [contentOf("absent")] }), {
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      count: 1,
    }),
    put(
      "whose blobs are all absent",
      imageManifest({ config: contentOf("1"), layers: [contentOf("2"), contentOf("3")] }),
      {
        status: 400,
        code: "MANIFEST_BLOB_UNKNOWN",
        count: 3,
      },
    ),
    put(
      "whose absent layer is named twice",
      imageManifest({ config: CONFIG, layers: [contentOf("2"), contentOf("2")] }),
      {
        status: 400,
        code: "MANIFEST_BLOB_UNKNOWN",
        count: 1,
      },
    ),
    put("whose blobs another repository has", IMAGE, {
      given: async () => undefined,
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      count: 2,
    }),
    put("whose child is absent", INDEX, {
      ...type(OCI_IMAGE_INDEX),
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      count: 1,
    }),
    put(
      "whose layer has a URL",
      more({ layers: [descriptorOf(LAYER, "a/b", { urls: ["https://a.example/x"] })] }),
      invalid,
    ),
  ]);
});

describe("the size of a manifest", () => {
  const padded = (sizeBytes: number) => {
    const withPadding = (padding: string) =>
      imageManifest({ config: CONFIG, layers: [LAYER], more: { annotations: { padding } } });
    return withPadding("x".repeat(sizeBytes - withPadding("").bytes.byteLength));
  };
  testRows(http, [
    put("may be 4 MiB", padded(MAX_MANIFEST_BYTES), { status: 201 }),
    put("may not be more", padded(MAX_MANIFEST_BYTES + 1), { status: 413, code: "MANIFEST_INVALID" }),
    put("may not be much more", "x".repeat(3 * MAX_MANIFEST_BYTES), { status: 413, code: "MANIFEST_INVALID" }),
  ]);
});

describe("DELETE of a manifest", () => {
  testRows(http, [
    {
      about: "by digest",
      given: pushSample,
      ask: `DELETE /v2/{repo}/manifests/${IMAGE.digest}`,
      status: 202,
      answers: { "content-length": "0" },
      text: "",
    },
    { about: "by an absent tag", ask: "DELETE /v2/app/manifests/absent", status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "by an absent digest", ask: `DELETE /v2/app/manifests/${ABSENT}`, status: 404, code: "MANIFEST_UNKNOWN" },
    { about: "of no repository", ask: "DELETE /v2/nobody/manifests/latest", status: 404, code: "NAME_UNKNOWN" },
    { about: "by a bad digest", ask: "DELETE /v2/app/manifests/sha256:x", status: 400, code: "DIGEST_INVALID" },
  ]);
});

describe("a manifest's methods", () => {
  const allow = "DELETE, GET, HEAD, PUT";
  testRows(http, [
    { about: "are told", ask: "OPTIONS /v2/app/manifests/latest", status: 200, answers: { allow } },
    {
      about: "are no others",
      ask: "POST /v2/app/manifests/latest",
      body: "x",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow },
    },
    {
      about: "are no others",
      ask: "PATCH /v2/app/manifests/latest",
      body: "x",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow },
    },
  ]);
});

describe("a Docker manifest list", () => {
  const image = contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: descriptorOf(CONFIG, "application/vnd.docker.container.image.v1+json"),
      layers: [descriptorOf(LAYER, "application/vnd.docker.image.rootfs.diff.tar.gzip")],
    }),
  );
  const list = contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST_LIST,
      manifests: [descriptorOf(image, DOCKER_MANIFEST, { platform: { os: "linux", architecture: "amd64" } })],
    }),
  );
  const pushList = async (http: HttpClient, repository: string) => {
    await blobs(http, repository);
    await pushManifest(http, { repository, reference: image.digest, content: image, mediaType: DOCKER_MANIFEST });
    await pushManifest(http, { repository, reference: "list", content: list, mediaType: DOCKER_MANIFEST_LIST });
  };
  const plain = clientWith({}, (http) => pushList(http, "old"));
  const compatible = clientWith({ config: { compatibility: { amd64fallback: true } } }, (http) =>
    pushList(http, "old"),
  );
  const ask = "GET /v2/old/manifests/list";

  describe("is given as it is", () => {
    testRows(plain, [
      { about: "to everybody", ask, status: 200, bytes: list.bytes },
      { about: "to who takes images alone", ask, headers: { accept: DOCKER_MANIFEST }, status: 200, bytes: list.bytes },
    ]);
  });

  describe("with compatibility.amd64fallback is given", () => {
    testRows(compatible, [
      { about: "to who takes lists", ask, headers: { accept: DOCKER_MANIFEST_LIST }, status: 200, bytes: list.bytes },
      {
        about: "as its linux/amd64 image to who does not, and not to be kept",
        ask,
        headers: { accept: DOCKER_MANIFEST },
        status: 200,
        answers: {
          "docker-content-digest": image.digest,
          "content-type": DOCKER_MANIFEST,
          "cache-control": "no-cache",
        },
        bytes: image.bytes,
      },
      { about: "as it is by digest", ask: `GET /v2/old/manifests/${list.digest}`, status: 200, bytes: list.bytes },
    ]);
  });
});
