import { OCI_IMAGE_MANIFEST } from "../../../src/oci/index.ts";
import { IMAGE, LAYER } from "../sample.ts";
import { each, get, request, type UnusualRow } from "./row.ts";

const manifest = new TextDecoder().decode(IMAGE.bytes);
const type = `Content-Type: ${OCI_IMAGE_MANIFEST}`;
const blob = `/v2/app/blobs/${LAYER.digest}`;
/** Refused by the HTTP server itself. */
const refused = { status: 400, byServer: true } as const;
const closed = { status: 0, byServer: true } as const;

/** Bytes for an upload, with whatever is said of their length. */
const patch = (headers: readonly string[], body: string): UnusualRow["send"] => {
  return async (world) => [request("PATCH", await world.upload(), { headers, body })];
};

export const LENGTHS: readonly UnusualRow[] = [
  ...each("a length of", ["-1", "abc", "1e3", "0x5", "5,5", "5 5", "5.0", "99999999999999999999999"], (length) => ({
    send: patch([`Content-Length: ${length}`], "abcde"),
    ...refused,
  })),
  { about: "two lengths that differ", send: patch(["Content-Length: 5", "Content-Length: 6"], "abcde"), ...refused },
  { about: "two lengths that agree", send: patch(["Content-Length: 5", "Content-Length: 5"], "abcde"), status: 202 },
  { about: "a length of zeros before five", send: patch(["Content-Length: 000005"], "abcde"), status: 202 },
  {
    about: "a length and a stream",
    send: patch(["Content-Length: 5", "Transfer-Encoding: chunked"], "5\r\nabcde\r\n0\r\n\r\n"),
    ...refused,
  },
  {
    about: "an unknown way of transfer",
    send: patch(["Transfer-Encoding: gzip, chunked"], "5\r\nabcde\r\n0\r\n\r\n"),
    ...refused,
  },
  {
    about: "a stream whose piece has no length",
    send: patch(["Transfer-Encoding: chunked"], "zz\r\nabcde\r\n0\r\n\r\n"),
    status: [0, 400],
    byServer: true,
  },
  {
    about: "a stream whose piece has a negative length",
    send: patch(["Transfer-Encoding: chunked"], "-5\r\nabcde\r\n0\r\n\r\n"),
    status: [0, 400],
    byServer: true,
  },
  {
    about: "a stream whose piece is too long for a number",
    send: patch(["Transfer-Encoding: chunked"], "FFFFFFFFFFFFFFFFF\r\nabcde\r\n0\r\n\r\n"),
    status: [0, 400],
    byServer: true,
  },
  {
    about: "a stream with words behind the lengths",
    send: patch(["Transfer-Encoding: chunked"], "5;x=y\r\nabcde\r\n0\r\n\r\n"),
    status: 202,
  },
  {
    about: "a manifest that is longer than said",
    send: [
      request("PUT", "/v2/app/manifests/x", {
        headers: [type, `Content-Length: ${manifest.length - 1}`],
        body: manifest,
      }),
    ],
    status: 400,
    code: "MANIFEST_INVALID",
  },
  { about: "bytes that nobody announced", send: [`${request("GET", "/v2/")}some more bytes`], status: 200 },
];

export const TRUNCATED: readonly UnusualRow[] = [
  {
    about: "a manifest that ends early",
    send: [
      request("PUT", "/v2/app/manifests/x", { headers: [type, "Content-Length: 500"], body: manifest.slice(0, 50) }),
    ],
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  {
    about: "an upload that ends early",
    send: patch(["Content-Length: 500"], "abcde"),
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  {
    about: "a stream that ends early",
    send: patch(["Transfer-Encoding: chunked"], "5\r\nabc"),
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  {
    about: "a stream without its end",
    send: patch(["Transfer-Encoding: chunked"], "5\r\nabcde\r\n"),
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  {
    about: "a whole blob that ends early",
    send: [
      request("POST", `/v2/app/blobs/uploads/?digest=${LAYER.digest}`, {
        headers: ["Content-Length: 10"],
        body: "01234",
      }),
    ],
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  {
    about: "a last chunk that ends early",
    send: async (world) => [
      request("PUT", `${await world.upload()}?digest=${LAYER.digest}`, {
        headers: ["Content-Length: 10"],
        body: "01234",
      }),
    ],
    hangUp: true,
    status: [0, 400],
    code: "BLOB_UPLOAD_INVALID",
  },
  { about: "a head that ends early", send: ["GET /v2/ HTTP/1.1\r\nHost: a\r\nX-"], hangUp: true, ...closed },
  { about: "a request line that ends early", send: ["GET /v2"], hangUp: true, ...closed },
  { about: "nothing", send: [""], hangUp: true, ...closed },
];

export const HEADS: readonly UnusualRow[] = [
  {
    about: "a header of 64 KiB",
    send: get("/v2/", { headers: [`X-Long: ${"x".repeat(65_536)}`] }),
    status: 431,
    byServer: true,
  },
  {
    about: "64 KiB of headers",
    send: get("/v2/", { headers: Array.from({ length: 64 }, (_, i) => `X-${i}: ${"x".repeat(1024)}`) }),
    status: 431,
    byServer: true,
  },
  {
    about: "500 headers",
    send: get("/v2/", { headers: Array.from({ length: 500 }, (_, i) => `X-${i}: x`) }),
    status: 431,
    byServer: true,
  },
  { about: "a header of 12 KiB", send: get("/v2/", { headers: [`X-Long: ${"x".repeat(12_000)}`] }), status: 200 },
  {
    about: "100 headers",
    send: get("/v2/", { headers: Array.from({ length: 100 }, (_, i) => `X-${i}: x`) }),
    status: 200,
  },
  { about: "a header without colon", send: get("/v2/", { headers: ["X-Header"] }), ...refused },
  { about: "a header without name", send: get("/v2/", { headers: [": x"] }), ...refused },
  { about: "a header with a space in its name", send: get("/v2/", { headers: ["X Header: x"] }), ...refused },
  { about: "a header with a space behind its name", send: get("/v2/", { headers: ["X-Header : x"] }), ...refused },
  { about: "a header over two lines", send: get("/v2/", { headers: ["X-Header: x", " y"] }), ...refused },
  { about: "a header with a NUL", send: get("/v2/", { headers: ["X-Header: a\0b"] }), ...refused },
  { about: "a header in Latin-1", send: get("/v2/", { headers: ["X-Header: \xe4\xff"] }), status: 200 },
  {
    about: "slow headers",
    send: ["GET /v2/ HT", 150, "TP/1.1\r\nHo", 150, "st: a\r\nX-Slow: ", 150, "x\r\n", 150, "\r\n"],
    status: 200,
  },
  {
    about: "a byte at a time",
    send: request("GET", "/v2/")
      .split("")
      .flatMap((byte) => [byte, 2]),
    status: 200,
  },

  { about: "no host", send: get("/v2/", { host: null }), ...refused },
  { about: "no host in HTTP/1.0", send: get("/v2/", { host: null, version: "HTTP/1.0" }), status: 200 },
  {
    about: "no host for a Location",
    send: [request("POST", "/v2/app/blobs/uploads/", { host: null, version: "HTTP/1.0", body: "" })],
    status: 202,
  },
  { about: "an empty host", send: get("/v2/", { host: "" }), status: 200 },
  ...each("the host", ["a b", "x/evil", "user@x", "x:65536", "x:99999", "<script>", "x\\y", "[::1"], (host) => ({
    send: [request("POST", "/v2/app/blobs/uploads/", { host, body: "" })],
    status: 400,
    code: "BAD_REQUEST",
  })),
  { about: "a long host", send: get("/v2/", { host: "x".repeat(8000) }), status: 200 },
  { about: "two hosts", send: get("/v2/", { headers: ["Host: other.example"] }), status: 400, code: "BAD_REQUEST" },

  { about: "an unknown method", send: [request("BREW", "/v2/")], ...closed },
  { about: "a method in lower case", send: [request("get", "/v2/")], ...closed },
  { about: "TRACE", send: [request("TRACE", "/v2/")], status: 405, code: "UNSUPPORTED" },
  { about: "OPTIONS of all", send: [request("OPTIONS", "*")], ...refused },
  { about: "CONNECT", send: [request("CONNECT", "a.example:443")], status: 405, code: "UNSUPPORTED" },
  { about: "a whole URL for a path", send: get("http://registry.example/v2/"), status: 200 },
  { about: "a whole URL of somebody else", send: get("http://other.example/v2/"), status: 200 },
  { about: "HTTP/2.0", send: get("/v2/", { version: "HTTP/2.0" }), status: 505, byServer: true },
  { about: "the preface of HTTP/2", send: ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], status: [0, 400, 505], byServer: true },
  { about: "HTTP/0.9", send: ["GET /v2/\r\n\r\n"], status: [0, 400, 505], byServer: true },
  { about: "a space in the path", send: get("/v2/a b/tags/list"), status: [400, 505], byServer: true },
  { about: "a NUL in the path", send: get("/v2/a\0b/tags/list"), status: [400, 505], byServer: true },
  {
    about: "letters that are not ASCII in the path",
    send: get("/v2/\xc3\xa4/tags/list"),
    status: 400,
    code: "NAME_INVALID",
  },
  { about: "noise", send: ["\x00\x01\x02\x03\xff\xfe\r\n\r\n"], status: [0, 400], byServer: true },
  {
    about: "the start of TLS",
    send: ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".padEnd(200, "\0"), "\r\n\r\n"],
    status: [0, 400],
    byServer: true,
  },
  {
    about: "empty lines before a request",
    send: [`\r\n\r\n${request("GET", "/v2/")}`],
    status: 400,
    code: "BAD_REQUEST",
    byServer: true,
  },
  {
    about: "lines that end with a line feed alone",
    send: ["GET /v2/ HTTP/1.1\nHost: a\n\n"],
    hangUp: true,
    status: [0, 400, 505],
    byServer: true,
  },

  { about: "GET with a body", send: get("/v2/", { body: "body" }), status: 200 },
  { about: "HEAD with a body", send: [request("HEAD", "/v2/", { body: "body" })], status: 200 },
  {
    about: "DELETE with a body",
    send: [request("DELETE", "/v2/app/manifests/absent", { body: "body" })],
    status: 404,
    code: "MANIFEST_UNKNOWN",
  },
  {
    about: "an expectation that is met",
    send: async (world) => [
      request("PATCH", await world.upload(), { headers: ["Expect: 100-continue", "Content-Length: 5"] }),
      50,
      "abcde",
    ],
    status: 202,
  },
  { about: "an expectation that is unknown", send: get("/v2/", { headers: ["Expect: a-miracle"] }), status: 200 },
  {
    about: "a wish for another protocol",
    send: get("/v2/", { headers: ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"] }),
    status: 200,
  },
  {
    about: "a wish for HTTP/2",
    send: get("/v2/", {
      headers: ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"],
    }),
    status: 200,
  },
  {
    about: "another method in a header",
    send: get("/v2/app/manifests/latest", { headers: ["X-HTTP-Method-Override: DELETE"] }),
    status: 200,
  },
  { about: "a login where none is needed", send: get("/v2/", { headers: ["Authorization: Basic !!!"] }), status: 200 },
  { about: "a login with a NUL", send: get("/v2/", { headers: ["Authorization: Basic \x00"] }), ...refused },
  ...each(
    "the range",
    [
      "bytes=-",
      "bytes=9-2",
      "bytes=a-b",
      "bytes=0-1,4-5",
      "=",
      "bytes",
      `bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`).join(",")}`,
    ],
    (range) => ({ send: get(blob, { headers: [`Range: ${range}`] }), status: 200 }),
  ),
  ...each("the range", ["bytes=10-", "bytes=99999999999999999999-", "bytes=-0"], (range) => ({
    send: get(blob, { headers: [`Range: ${range}`] }),
    status: 416,
    code: "RANGE_INVALID",
  })),
  ...each("a condition", [",,,", '"', 'W/"', "x".repeat(8000)], (condition) => ({
    send: get(blob, { headers: [`If-None-Match: ${condition}`] }),
    status: 200,
  })),
  { about: "two requests at once", send: [request("GET", "/v2/").repeat(2)], status: 200 },
];
