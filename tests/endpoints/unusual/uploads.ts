import { ABSENT, LAYER } from "../sample.ts";
import { each, request, type RequestParts, type UnusualRow, type World } from "./row.ts";

const TEN = "0123456789";

/** A request about an upload of ten bytes. */
function toTen(method: string, parts: RequestParts = {}, query = ""): UnusualRow["send"] {
  return async (world) => [request(method, `${await world.upload(TEN)}${query}`, parts)];
}

const range = (value: string): readonly string[] => [`Content-Range: ${value}`];
const methods = ["GET", "HEAD", "PATCH", "PUT", "DELETE"] as const;
const gone = (method: string) => ({ status: 404, ...(method !== "HEAD" && { code: "BLOB_UPLOAD_UNKNOWN" }) });
const about = (method: string, find: (world: World) => Promise<string>): UnusualRow["send"] => {
  const query = method === "PUT" ? `?digest=${LAYER.digest}` : "";
  const body = method === "PATCH" || method === "PUT" ? { body: TEN } : {};
  return async (world) => [request(method, `${await find(world)}${query}`, body)];
};

export const UPLOADS: readonly UnusualRow[] = [
  ...each(
    "a chunk out of order",
    ["11-15", "9-13", "0-4", "5-9", "100-104", "8-12", "4294967296-4294967300"],
    (value) => ({
      send: toTen("PATCH", { body: "abcde", headers: range(value) }),
      status: 416,
      code: "RANGE_INVALID",
    }),
  ),
  ...each("a last chunk out of order", ["11-15", "0-4", "5-9"], (value) => ({
    send: toTen("PUT", { body: "abcde", headers: range(value) }, `?digest=${LAYER.digest}`),
    status: 416,
    code: "RANGE_INVALID",
  })),
  ...each(
    "a range that is none",
    [
      "",
      "-",
      "10",
      "10-",
      "-5",
      "14-10",
      "x-y",
      "10-14-18",
      "10-14,15-19",
      "bytes */10",
      "lines 10-14",
      "1e1-14",
      "+10-14",
      "9".repeat(40) + "-" + "9".repeat(41),
    ],
    (value) => ({
      send: toTen("PATCH", { body: "abcde", headers: range(value) }),
      status: 416,
      code: "RANGE_INVALID",
    }),
  ),
  ...each("a range of another length", ["10-10", "10-13", "10-15", "10-9007199254740991"], (value) => ({
    send: toTen("PATCH", { body: "abcde", headers: range(value) }),
    status: 400,
    code: "SIZE_INVALID",
  })),
  {
    about: "a range of another length than the stream",
    send: toTen("PATCH", { body: "3\r\nabc\r\n0\r\n\r\n", headers: ["Transfer-Encoding: chunked", ...range("10-14")] }),
    status: 400,
    code: "SIZE_INVALID",
  },
  {
    about: "a range with no body",
    send: toTen("PATCH", { headers: ["Content-Length: 0", ...range("10-14")] }),
    status: 400,
    code: "SIZE_INVALID",
  },
  {
    about: "a range with a unit",
    send: toTen("PATCH", { body: "abcde", headers: range("bytes 10-14/15") }),
    status: 202,
  },
  { about: "a chunk of no bytes", send: toTen("PATCH", { body: "" }), status: 202 },
  {
    about: "two ranges",
    send: toTen("PATCH", { body: "abcde", headers: [...range("10-14"), ...range("0-4")] }),
    status: 416,
    code: "RANGE_INVALID",
  },

  ...each("a finished upload, asked by", methods, (method) => ({
    send: about(method, (world) => world.finishedUpload()),
    ...gone(method),
  })),
  ...each("a cancelled upload, asked by", methods, (method) => ({
    send: about(method, (world) => world.cancelledUpload()),
    ...gone(method),
  })),
  ...each("an unknown upload, asked by", methods, (method) => ({
    send: about(method, () => Promise.resolve(`/v2/app/blobs/uploads/${crypto.randomUUID()}`)),
    ...gone(method),
  })),
  ...each("an upload of another repository, asked by", methods, (method) => ({
    send: about(method, async (world) => (await world.upload(TEN)).replace("/v2/app/", "/v2/team/app/")),
    ...gone(method),
  })),
  ...each("an upload in upper case, asked by", methods, (method) => ({
    send: about(method, async (world) =>
      (await world.upload(TEN)).replace(/[^/]+$/, (id) => id.toUpperCase().replaceAll("-", "_")),
    ),
    ...gone(method),
  })),
  ...each(
    "an odd id of an upload",
    ["%00", "a%20b", "a;b", "'--", "%F0%9F%90%B3", "..%00", "x".repeat(8000)],
    (id) => ({
      send: [request("PATCH", `/v2/app/blobs/uploads/${id}`, { body: "x" })],
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    }),
  ),
  {
    about: "a dot for the id of an upload",
    send: [request("PATCH", "/v2/app/blobs/uploads/%2e", { body: "x" })],
    status: 405,
    code: "UNSUPPORTED",
  },
  {
    about: "an upload with a state of another registry",
    send: toTen("PATCH", { body: "x" }, "?_state=nonsense%00"),
    status: 202,
  },

  { about: "an end without digest", send: toTen("PUT", { body: "" }), status: 400, code: "DIGEST_INVALID" },
  {
    about: "an end with an empty digest",
    send: toTen("PUT", { body: "" }, "?digest="),
    status: 400,
    code: "DIGEST_INVALID",
  },
  {
    about: "an end with a broken digest",
    send: toTen("PUT", { body: "" }, "?digest=%zz"),
    status: 400,
    code: "DIGEST_INVALID",
  },
  {
    about: "an end with another digest",
    send: toTen("PUT", { body: "" }, `?digest=${ABSENT}`),
    status: 400,
    code: "DIGEST_INVALID",
  },
  {
    about: "an end with too many bytes",
    send: toTen("PUT", { body: "x" }, `?digest=${LAYER.digest}`),
    status: 400,
    code: "DIGEST_INVALID",
  },
  {
    about: "an end with a digest in the encoding of forms",
    send: toTen("PUT", {}, `?digest=${LAYER.digest.replace(":", "%3a")}`),
    status: 201,
  },
];
