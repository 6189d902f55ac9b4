import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { HttpError } from "../../../../src/http/http-error.ts";
import { parseRange } from "../../../../src/http/v2/byte-range.ts";
import { digestFromHex } from "../../../../src/oci/index.ts";
import { thrownBy } from "../../../support/thrown-error.ts";

const DIGEST = digestFromHex("sha256", "a".repeat(64));
const OTHER = digestFromHex("sha256", "b".repeat(64));

function rangeOf(range: string | undefined, sizeBytes: number, ifRange?: string) {
  const headers = new Headers();
  if (range !== undefined) headers.set("Range", range);
  if (ifRange !== undefined) headers.set("If-Range", ifRange);
  return parseRange(new Request("http://a/", { headers }), DIGEST, sizeBytes);
}

const PARTS = [
  ["bytes=0-0", 10, 0, 0],
  ["bytes=0-9", 10, 0, 9],
  ["bytes=0-99", 10, 0, 9],
  ["bytes=9-9", 10, 9, 9],
  ["bytes=3-", 10, 3, 9],
  ["bytes=-1", 10, 9, 9],
  ["bytes=-10", 10, 0, 9],
  ["bytes=-99", 10, 0, 9],
  ["bytes=5-99999999999999999999", 10, 5, 9],
  ["bytes= 0 - 4 ", 10, 0, 4],
  ["bytes=1099511627776-1099511627777", 2 ** 41, 2 ** 40, 2 ** 40 + 1],
] as const;

const WHOLE = [
  undefined,
  "",
  "bytes=-",
  "bytes=",
  "bytes",
  "bytes=5-3",
  "bytes=a-b",
  "bytes=0-4,6-8",
  "bytes=0-4, ",
  "items=0-4",
  "0-4",
  "bytes:0-4",
  "bytes=+1-4",
  "bytes=1.5-4",
  "bytes=--4",
  "bytes=0x1-4",
  "bytes=1 0-2 0",
  "bytes =0-4",
  "b ytes=0-4",
  // As much as a head may have.
  `bytes=${" ".repeat(8000)}-${" ".repeat(8000)}x`,
  `bytes=${" ".repeat(16_000)}`,
  `bytes=0${" ".repeat(8000)}-0${" ".repeat(8000)}x`,
];

const UNSATISFIABLE = [
  ["bytes=10-", 10],
  ["bytes=10-12", 10],
  ["bytes=99999999999999999999-", 10],
  ["bytes=-0", 10],
  ["bytes=0-", 0],
  ["bytes=0-0", 0],
  ["bytes=-5", 0],
] as const;

describe("a range", () => {
  test.each(PARTS)("%s of %d bytes is %d to %d", (range, size, firstByte, lastByte) =>
    expect(rangeOf(range, size)).toEqual({ firstByte, lastByte }),
  );

  test.each(WHOLE)("%j asks for all", (range) => expect(rangeOf(range, 10)).toBeUndefined());

  test.each(UNSATISFIABLE)(
    "%s of %d bytes cannot be satisfied, and the answer says how many there are",
    (range, size) => {
      const error = thrownBy(() => rangeOf(range, size));
      expect(error.kind).toBe("range-not-satisfiable");
      expect(error instanceof HttpError && error.headers["Content-Range"]).toBe(`bytes */${size}`);
    },
  );

  test("counts only while the content is the one of If-Range", () => {
    expect(rangeOf("bytes=0-4", 10, `"${DIGEST}"`)).toEqual({ firstByte: 0, lastByte: 4 });
    expect(rangeOf("bytes=0-4", 10, `"${OTHER}"`)).toBeUndefined();
    expect(rangeOf("bytes=0-4", 10, `W/"${DIGEST}"`)).toBeUndefined();
    expect(rangeOf("bytes=0-4", 10, "Wed, 21 Oct 2026 07:28:00 GMT")).toBeUndefined();
    expect(rangeOf("bytes=99-", 10, `"${OTHER}"`)).toBeUndefined();
  });

  test("lies inside the content, whatever was asked for", () => {
    const position = fc.oneof(fc.nat({ max: 30 }).map(String), fc.constant(""), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(position, position, fc.nat({ max: 25 }), (first, last, size) => {
        let range;
        try {
          range = rangeOf(`bytes=${first}-${last}`.replaceAll(/[^\x20-\x7e]/g, "?"), size);
        } catch (error) {
          expect(error).toMatchObject({ kind: "range-not-satisfiable" });
          return;
        }
        if (range)
          expect(0 <= range.firstByte && range.firstByte <= range.lastByte && range.lastByte < size).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
