import fc from "fast-check";

import { type RequestParts, request } from "../../endpoints/unusual/row.ts";
import { SeededRandom } from "../../faults/support/seeded-random.ts";
import { mutate } from "../engine/mutate.ts";
import { MANIFESTS } from "./manifests.ts";
import { DIGEST, PATHS, REFERENCES, REPOSITORY_NAMES } from "./texts.ts";

/** Stand in the requests for what the registry that is asked has made: an upload, and content that is there. */
export const PLACEHOLDERS = ["{upload}", "{blob}", "{manifest}", "{login}"] as const;

const LOGIN = "Authorization: {login}";

function asked(method: string, target: string, headers: readonly string[] = [], more: RequestParts = {}): string {
  return request(method, target, { ...more, headers: [LOGIN, ...headers] });
}

const BLOB_OF_ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/** Every end-point of the specification, as clients ask for it. */
export const REQUESTS: readonly string[] = [
  ...PATHS.map((path) => asked("GET", path)),
  request("GET", "/v2/"),
  asked("HEAD", "/v2/fuzz/app/manifests/latest"),
  asked("GET", "/v2/fuzz/app/manifests/latest", ["Accept: application/vnd.oci.image.index.v1+json, */*"]),
  asked("GET", "/v2/fuzz/app/manifests/{manifest}", ['If-None-Match: "{manifest}"']),
  asked("GET", "/v2/fuzz/app/blobs/{blob}", ["Range: bytes=0-4"]),
  asked("GET", "/v2/fuzz/app/blobs/{blob}", ["Range: bytes=-5", 'If-Range: "{blob}"']),
  asked("HEAD", "/v2/fuzz/app/blobs/{blob}"),
  asked("GET", "/v2/fuzz/app/tags/list?n=1&last=a"),
  asked("GET", "/v2/fuzz/app/referrers/{manifest}?artifactType=a%2Fb&n=1"),
  asked("GET", "/v2/_catalog?n=2"),
  asked("POST", "/v2/fuzz/app/blobs/uploads/", [], { body: "" }),
  asked("POST", "/v2/fuzz/other/blobs/uploads/?mount={blob}&from=fuzz%2Fapp", ["Content-Length: 0"]),
  asked("POST", `/v2/fuzz/app/blobs/uploads/?digest=${BLOB_OF_ABC}`, [], { body: "abc" }),
  asked("POST", "/v2/fuzz/app/blobs/uploads/?digest-algorithm=sha512", ["Content-Length: 0"]),
  asked("GET", "{upload}"),
  asked("PATCH", "{upload}", ["Content-Type: application/octet-stream", "Content-Range: 0-9"], { body: "0123456789" }),
  asked("PATCH", "{upload}", ["Transfer-Encoding: chunked"], {
    body: "5\r\nabcde\r\n5;x=y\r\nfghij\r\n0\r\nX: y\r\n\r\n",
  }),
  asked("PUT", `{upload}?digest=${BLOB_OF_ABC}`, ["Content-Range: 0-2"], { body: "abc" }),
  asked("PUT", `{upload}?digest=${DIGEST}`, ["Expect: 100-continue"], { body: "abc" }),
  asked("DELETE", "{upload}"),
  asked("DELETE", "/v2/fuzz/app/manifests/old"),
  asked("DELETE", `/v2/fuzz/app/blobs/${BLOB_OF_ABC}`),
  asked("OPTIONS", "/v2/fuzz/app/blobs/{blob}"),
  asked("GET", "/v2/", [
    "X-Forwarded-For: 203.0.113.7, 127.0.0.1",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: a.example",
  ]),
  asked("POST", "/v2/fuzz/app/blobs/uploads/", [
    'Forwarded: for="[2001:db8::1]:1";host=a.example;proto=https',
    "Content-Length: 0",
  ]),
  asked("GET", "/v2/", ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Connection: close"]),
  ...MANIFESTS.map(({ contentType, json }, index) =>
    asked("PUT", `/v2/fuzz/app/manifests/tag${index}`, [`Content-Type: ${contentType}`], {
      body: json.replaceAll(/[^\0-\xff]/g, "?"),
    }),
  ),
  asked("PUT", "/v2/fuzz/app/manifests/index?tag=a&tag=b", ["Content-Type: application/vnd.oci.image.index.v1+json"], {
    body: '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  }),
  asked("PUT", "/v2/fuzz/app/manifests/old", ["Content-Type: application/vnd.oci.image.manifest.v1+json"], {
    body: `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{blob}","size":2},"layers":[],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${DIGEST}","size":9}}`,
  }),
];

const TARGETS = [
  ...PATHS,
  ...REPOSITORY_NAMES.map((name) => `/v2/${name}/tags/list`),
  ...REFERENCES.map((reference) => `/v2/fuzz/app/manifests/${reference}`),
  "{upload}",
  `{upload}?digest=${BLOB_OF_ABC}`,
  `/v2/fuzz/app/blobs/uploads/?digest=${BLOB_OF_ABC}`,
  "/v2/fuzz/app/blobs/{blob}",
  "/v2/fuzz/app/manifests/{manifest}?tag=a",
];

const HEADERS = [
  "Range: bytes=0-1",
  "Content-Range: 0-2",
  'If-None-Match: "{manifest}"',
  "X-Forwarded-For: 203.0.113.7",
  "Forwarded: for=203.0.113.7;host=a",
  "Accept: */*",
  "User-Agent: docker/28.0.1",
  "Referer: http://a/?token=b",
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ...MANIFESTS.map(({ contentType }) => `Content-Type: ${contentType}`),
];

const BODIES = ["", "abc", ...MANIFESTS.map(({ json }) => json)];

const changed = (texts: readonly string[], words: readonly string[]) =>
  fc.nat().map((seed) => {
    const random = new SeededRandom(seed);
    const text = random.pick(texts);
    return random.isLessThan(0.3) ? text : mutate(text, random, { corpus: texts, words, maxLength: 4096 });
  });

/** What stands in a request line: all but letters, digits and signs is percent-encoded, byte for byte. */
const asTarget = (text: string) => `/${text.replace(/^\//, "").replaceAll(/[^!-~]/gu, percentEncoded)}`;
const percentEncoded = (character: string) =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const asHeader = (text: string) => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, "");

/** Requests that are HTTP, so that what is wrong with them is the registry's to find. */
export const soundRequests: fc.Arbitrary<string> = fc
  .record({
    method: fc.constantFrom("GET", "GET", "HEAD", "PUT", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"),
    target: changed(TARGETS, ["/", "%2f", "..", "?", "&", "n=", "last=", "digest=", "mount=", "%", "%00"]).map(
      asTarget,
    ),
    headers: fc.array(changed(HEADERS, [" ", ",", "=", '"', "\xff"]).map(asHeader), { maxLength: 3 }),
    body: changed(BODIES, ['"', "{", "}", "[", "null"]),
  })
  .map(({ method, target, headers, body }) => {
    const named = headers.filter((header) => /^[A-Za-z-]+:/.test(header));
    return asked(method, target.replace(/^\/(?=\{upload\})/, ""), named, {
      body: Buffer.from(body).toString("latin1"),
    });
  });
