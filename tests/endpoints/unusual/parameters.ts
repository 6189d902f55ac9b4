import { IMAGE, LAYER } from "../sample.ts";
import { each, get, request, type UnusualRow } from "./row.ts";

const BAD_NUMBERS = [
  "-1",
  "-9223372036854775808",
  "1.5",
  "1e9",
  "NaN",
  "Infinity",
  "0x10",
  "%00",
  "1%00",
  "+1",
  "%201",
  "%EF%BC%91",
  "1;DROP%20TABLE%20tags",
  "[]",
  "true",
] as const;
const HUGE_NUMBERS = ["9223372036854775807", "18446744073709551616", "9".repeat(400)] as const;
const ODD_LASTS = [
  "%00",
  "%FF%FE",
  "'%20OR%201=1--",
  "%22",
  "..%2F..",
  "%F0%9F%90%B3",
  "~",
  "zzzz",
  "x".repeat(8000),
] as const;

export const PARAMETERS: readonly UnusualRow[] = [
  ...each("a bad number of tags", BAD_NUMBERS, (n) => ({
    send: get(`/v2/app/tags/list?n=${n}`),
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
  })),
  ...each("a bad number of repositories", BAD_NUMBERS.slice(0, 5), (n) => ({
    send: get(`/v2/_catalog?n=${n}`),
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
  })),
  ...each("a bad number of referrers", BAD_NUMBERS.slice(0, 3), (n) => ({
    send: get(`/v2/app/referrers/${IMAGE.digest}?n=${n}`),
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
  })),
  ...each("a huge number of tags", HUGE_NUMBERS, (n) => ({ send: get(`/v2/app/tags/list?n=${n}`), status: 200 })),
  ...each("a huge number of repositories", HUGE_NUMBERS, (n) => ({ send: get(`/v2/_catalog?n=${n}`), status: 200 })),
  ...each("a huge number of referrers", HUGE_NUMBERS, (n) => ({
    send: get(`/v2/app/referrers/${IMAGE.digest}?n=${n}`),
    status: 200,
  })),
  ...each("an odd last tag", ODD_LASTS, (last) => ({ send: get(`/v2/app/tags/list?n=2&last=${last}`), status: 200 })),
  ...each("an odd last repository", ODD_LASTS, (last) => ({ send: get(`/v2/_catalog?n=2&last=${last}`), status: 200 })),
  ...each("an odd artifact type", ["%00", "'--", "%25", "x".repeat(8000)], (type) => ({
    send: get(`/v2/app/referrers/${IMAGE.digest}?artifactType=${type}`),
    status: 200,
  })),
  { about: "n twice", send: get("/v2/app/tags/list?n=1&n=-1"), status: 200 },
  { about: "n in pieces", send: get("/v2/app/tags/list?&&n=1&=&x"), status: 200 },
  {
    about: "n with an encoded name",
    send: get("/v2/app/tags/list?%6E=-1"),
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
  },
  { about: "a broken encoding in a query", send: get("/v2/app/tags/list?last=%zz&n=%31"), status: 200 },
  {
    about: "a second question mark",
    send: get("/v2/app/tags/list?n=1?n=2"),
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
  },
  { about: "a query as long as a head may be", send: get(`/v2/app/tags/list?x=${"y".repeat(15_000)}`), status: 200 },
  {
    about: "an empty algorithm",
    send: [request("POST", "/v2/app/blobs/uploads/?digest-algorithm=", { body: "" })],
    status: 400,
    code: "DIGEST_INVALID",
  },
  {
    about: "an unknown algorithm",
    send: [request("POST", "/v2/app/blobs/uploads/?digest-algorithm=__proto__", { body: "" })],
    status: 400,
    code: "DIGEST_INVALID",
  },
  ...each("an odd source of a mount", ["%00", "..%2Fapp", "UPPER", "app%2F", "'--", "x".repeat(3000)], (from) => ({
    send: [request("POST", `/v2/other/blobs/uploads/?mount=${LAYER.digest}&from=${from}`, { body: "" })],
    status: 202,
  })),
  {
    about: "a mount with a body",
    send: [request("POST", `/v2/other/blobs/uploads/?mount=${LAYER.digest}&from=app`, { body: "bytes" })],
    status: 201,
  },
  {
    about: "a mount with a digest too",
    send: [
      request("POST", `/v2/other/blobs/uploads/?mount=${LAYER.digest}&from=app&digest=${IMAGE.digest}`, { body: "" }),
    ],
    status: 201,
  },
  {
    about: "two digests",
    send: [
      request("POST", `/v2/app/blobs/uploads/?digest=${LAYER.digest}&digest=${IMAGE.digest}`, { body: "0123456789" }),
    ],
    status: 201,
  },
];
