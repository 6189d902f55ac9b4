import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";

import { HttpError } from "../../../src/http/http-error.ts";
import { parseRange } from "../../../src/http/v2/byte-range.ts";
import { isNotModified } from "../../../src/http/v2/conditional.ts";
import { parseContentRange } from "../../../src/http/v2/content-range.ts";
import { nextLink, parsePage } from "../../../src/http/v2/paging.ts";
import { parseDigest } from "../../../src/oci/index.ts";
import { DIGEST } from "../corpus/texts.ts";
import { headersOf, registryOutcomeOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

const digest = parseDigest(DIGEST);
const SIZES = [0, 1, 10, 4096, 2 ** 31, 2 ** 41];

const position = fc.oneof(fc.nat(12).map(String), fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String), fc.constant(""));
const range = fc.tuple(position, position).map((pair) => pair.join("-"));

export const ranges: FuzzTarget = {
  name: "ranges",
  corpus: [
    "bytes=0-0",
    "bytes=0-",
    "bytes=-1",
    "bytes=5-9",
    "bytes=1048576-2097151",
    "bytes=0-99999999999999999999",
    "bytes=0-4,6-8",
    "bytes= 0 - 4 ",
    "Bytes=9-2",
    "bytes=-0",
    "items=0-1",
    "bytes=-",
    `bytes=${" ".repeat(2000)}-${" ".repeat(2000)}x`,
  ],
  grammar: range.map((text) => `bytes=${text}`),
  words: ["bytes=", "bytes", "=", "-", " ", ",", "\t", "+1", "1e3", "\xa0", "\xb2"],
  maxLength: 4096,
  testInputs: 40_000,
  check(text) {
    const headers = headersOf({ range: text });
    if (headers === undefined) return;
    const request = new Request("http://a/", { headers });
    for (const sizeBytes of SIZES) checkRange(request, sizeBytes);
  },
};

function checkRange(request: Request, sizeBytes: number): void {
  const expected = wantedPart(request.headers.get("range") ?? "", BigInt(sizeBytes));
  const outcome = registryOutcomeOf(() => parseRange(request, digest, sizeBytes), "range-not-satisfiable");
  if (!outcome.isAccepted) {
    ok(outcome.error instanceof HttpError && outcome.error.headers["Content-Range"] === `bytes */${sizeBytes}`);
    ok(expected === "none" || expected === "none, or all", `refused, but wanted is ${String(expected)}`);
  } else if (outcome.value === undefined) {
    ok(expected === "all" || expected === "none, or all", `all is sent, but wanted is ${String(expected)}`);
  } else {
    const { firstByte, lastByte } = outcome.value;
    equal(String([firstByte, lastByte]), String(expected));
    ok(0 <= firstByte && firstByte <= lastByte && lastByte < sizeBytes);
  }
}

const isDigits = (text: string) =>
  text !== "" && Array.from(text).every((character) => "0123456789".includes(character));

function withoutSpaces(text: string): string {
  let [from, to] = [0, text.length];
  while (text[from] === " ") from += 1;
  while (to > from && text[to - 1] === " ") to -= 1;
  return text.slice(from, to);
}

/** By the text of RFC 9110, 14.1.2 and 14.2, in numbers without limit; several ranges are answered with all. */
function wantedPart(header: string, size: bigint): "all" | "none" | "none, or all" | readonly [bigint, bigint] {
  const [unit = "", ...specifier] = header.split("=");
  const [first = "", last = "", ...more] = specifier.join("=").split("-").map(withoutSpaces);
  const isWritten = [first, last].every((text) => text === "" || isDigits(text)) && first + last !== "";
  if (unit.toLowerCase() !== "bytes" || specifier.length !== 1 || more.length > 0 || !isWritten) return "all";
  if (!specifier.join().includes("-")) return "all";
  const end = size - 1n;
  if (first === "") return BigInt(last) === 0n || size === 0n ? "none" : [least(0n, size - BigInt(last), "most"), end];
  // Beyond 2^53 the parser no longer knows which of the two is larger, and there is no content to find there.
  if (last !== "" && BigInt(last) < BigInt(first)) return BigInt(last) > 2n ** 53n - 1n ? "none, or all" : "all";
  if (BigInt(first) > end) return "none";
  return [BigInt(first), last === "" ? end : least(BigInt(last), end, "least")];
}

function least(a: bigint, b: bigint, which: "least" | "most"): bigint {
  return a < b === (which === "least") ? a : b;
}

export const contentRanges: FuzzTarget = {
  name: "content-ranges",
  corpus: [
    "0-0",
    "0-1023",
    "1024-2047",
    "bytes 0-4/5",
    "bytes=0-4",
    "bytes 0-4/*",
    "007-0010",
    "5-3",
    "0-9007199254740991",
  ],
  grammar: range,
  words: ["bytes ", "bytes=", "-", "/", "*", "/10", " ", "\t", "\xa0", "\x0b"],
  maxLength: 4096,
  testInputs: 40_000,
  check(text) {
    const headers = headersOf({ "content-range": text });
    if (headers === undefined) return;
    const expected = saidRange(headers.get("content-range") ?? "");
    const isKnown = expected !== undefined;
    const parse = (length: string | undefined) => {
      if (length !== undefined) headers.set("content-length", length);
      const request = new Request("http://a/", { method: "PATCH", headers });
      return registryOutcomeOf(() => parseContentRange(request), "content-range-invalid", "size-invalid");
    };
    const outcome = parse(undefined);
    equal(
      outcome.isAccepted ? String([outcome.value?.firstByte, outcome.value?.lastByte]) : "refused",
      isKnown ? String(expected) : "refused",
    );
    if (!isKnown) return;
    const lengthBytes = expected[1] - expected[0] + 1n;
    // A chunk so long that its length is no exact number any more cannot be told from the next.
    if (lengthBytes > 2n ** 53n - 1n) return;
    ok(parse(String(lengthBytes)).isAccepted);
    ok(!parse(String(lengthBytes - 1n)).isAccepted);
  },
};

/** What the specification and the usual additions to it allow, in numbers without limit. */
function saidRange(header: string): readonly [bigint, bigint] | undefined {
  const bare = /^bytes[ =]/.test(header) ? header.slice("bytes ".length) : header;
  const [both = "", total = "*", ...rest] = bare.split("/");
  const [first = "", last = "", ...more] = both.split("-");
  if (rest.length + more.length > 0 || !isDigits(first) || !isDigits(last)) return undefined;
  if (total !== "*" && !isDigits(total)) return undefined;
  const isRange = BigInt(first) <= BigInt(last) && BigInt(last) <= BigInt(Number.MAX_SAFE_INTEGER);
  return isRange ? [BigInt(first), BigInt(last)] : undefined;
}

export const pages: FuzzTarget = {
  name: "pages",
  corpus: [
    "",
    "?n=100",
    "?n=5&last=v1.2.3",
    "?last=library%2Falpine&n=2&ns=docker.io",
    "?n=",
    "?n=-1",
    "?n=0",
    "?n=%31",
  ],
  words: ["&", "=", "n=", "last=", "&n=1", "%", "+", "%00", "%0d%0a", ">; rel=", '"', "%ff", "#"],
  maxLength: 16_384,
  testInputs: 20_000,
  check(text) {
    const query = new URLSearchParams(text);
    const outcome = registryOutcomeOf(() => parsePage(query, 1000), "page-size-invalid");
    const wanted = query.get("n") ?? "";
    equal(outcome.isAccepted, wanted === "" || isDigits(wanted));
    if (!outcome.isAccepted) return;
    const { limit, after } = outcome.value;
    if (limit === undefined) equal(wanted, "");
    else equal(String(limit), String(least(BigInt(wanted), 1000n, "least")));
    checkLink(query, `${after}z`, limit);
  },
};

/** The next page is asked for with all that this one was asked for. */
function checkLink(query: URLSearchParams, last: string, limit: number | undefined): void {
  const link = nextLink("/v2/app/tags/list", query, last, limit);
  const target = /^<([\x21-\x7e]+)>; rel="next"$/.exec(link)?.[1] ?? "";
  ok(target !== "" && !target.includes(">"), `no link: ${link}`);
  const next = new URL(target, "http://a").searchParams;
  equal(next.get("last"), last.toWellFormed());
  if (limit !== undefined) equal(next.get("n"), String(limit));
  for (const key of new Set(query.keys()))
    if (key !== "last" && key !== "n") deepEqual(next.getAll(key), query.getAll(key));
}

export const conditions: FuzzTarget = {
  name: "conditions",
  corpus: [`"${DIGEST}"`, DIGEST, `W/"${DIGEST}"`, `"a", "${DIGEST}"`, "*", '"', `"${DIGEST.toUpperCase()}"`],
  words: ['"', "W/", ",", "*", " ", DIGEST],
  maxLength: 16_384,
  testInputs: 20_000,
  check(text) {
    const headers = headersOf({ "if-none-match": text });
    if (headers === undefined) return;
    const isSame = isNotModified(new Request("http://a/", { headers }), digest);
    const tags = (headers.get("if-none-match") ?? "").split(",").map((tag) => tag.trim());
    equal(
      isSame,
      tags.some((tag) => ["*", digest, `"${digest}"`, `W/"${digest}"`, `W/${digest}`].includes(tag)),
    );
  },
};
