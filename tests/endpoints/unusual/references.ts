import { OCI_IMAGE_MANIFEST } from "../../../src/oci/index.ts";
import { IMAGE, LAYER } from "../sample.ts";
import { each, get, request, type UnusualRow } from "./row.ts";

const hex = LAYER.digest.slice("sha256:".length);
const manifest = new TextDecoder().decode(IMAGE.bytes);

const BAD_DIGESTS = [
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `Sha256:${hex}`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}0`,
  `sha256:${hex.slice(1)}g`,
  "sha256:",
  `:${hex}`,
  `sha512:${hex}`,
  `md5:${hex.slice(32)}`,
  `sha256::${hex}`,
  `sha256:${hex}%00`,
  `sha256:${hex}%0A`,
  `%20sha256:${hex}`,
  `sha256:${"0".repeat(5000)}`,
  "latest",
  "..",
  "%F0%9F%90%B3",
] as const;

const BAD_TAGS = [
  "-x",
  ".x",
  "a%20b",
  "a%00b",
  "%00",
  "a+b",
  "a@b",
  "%C3%A4",
  "x".repeat(129),
  "x".repeat(8000),
] as const;

export const REFERENCES: readonly UnusualRow[] = [
  ...each(
    "a blob's bad digest",
    BAD_DIGESTS.filter((digest) => digest !== ".."),
    (digest) => ({
      send: get(`/v2/app/blobs/${digest}`),
      status: 400,
      code: "DIGEST_INVALID",
    }),
  ),
  ...each("an upload's bad digest", BAD_DIGESTS, (digest) => ({
    send: [request("POST", `/v2/app/blobs/uploads/?digest=${digest}`, { body: "0123456789" })],
    status: 400,
    code: "DIGEST_INVALID",
  })),
  ...each("a subject's bad digest", BAD_DIGESTS.slice(0, 8), (digest) => ({
    send: get(`/v2/app/referrers/${digest}`),
    status: 400,
    code: "DIGEST_INVALID",
  })),
  ...each("a manifest's bad digest", BAD_DIGESTS.slice(0, 8), (digest) => ({
    send: [
      request("PUT", `/v2/app/manifests/${digest}`, {
        body: manifest,
        headers: [`Content-Type: ${OCI_IMAGE_MANIFEST}`],
      }),
    ],
    status: 400,
    code: "DIGEST_INVALID",
  })),
  ...each("a bad digest to mount", BAD_DIGESTS.slice(0, 4), (digest) => ({
    send: [request("POST", `/v2/other/blobs/uploads/?mount=${digest}&from=app`, { body: "" })],
    status: 400,
    code: "DIGEST_INVALID",
  })),
  ...each("a bad digest to delete", BAD_DIGESTS.slice(0, 3), (digest) => ({
    send: [request("DELETE", `/v2/app/blobs/${digest}`)],
    status: 400,
    code: "DIGEST_INVALID",
  })),
  ...each("a bad tag", BAD_TAGS, (tag) => ({
    send: get(`/v2/app/manifests/${tag}`),
    status: 400,
    code: "TAG_INVALID",
  })),
  ...each("a bad tag to push", BAD_TAGS.slice(0, 5), (tag) => ({
    send: [
      request("PUT", `/v2/app/manifests/${tag}`, { body: manifest, headers: [`Content-Type: ${OCI_IMAGE_MANIFEST}`] }),
    ],
    status: 400,
    code: "TAG_INVALID",
  })),
  ...each("a bad tag beside a digest", ["", "%00", "-x", "a/b", "latest%20"], (tag) => ({
    send: [
      request("PUT", `/v2/app/manifests/${IMAGE.digest}?tag=${tag}`, {
        body: manifest,
        headers: [`Content-Type: ${OCI_IMAGE_MANIFEST}`],
      }),
    ],
    status: 400,
    code: "TAG_INVALID",
  })),
];
