import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { parseContentRange } from "../../../../src/http/v2/content-range.ts";
import { thrownBy } from "../../../support/thrown-error.ts";

function contentRangeOf(range: string | undefined, length?: string) {
  const headers = new Headers();
  if (range !== undefined) headers.set("Content-Range", range);
  if (length !== undefined) headers.set("Content-Length", length);
  return parseContentRange(new Request("http://a/", { method: "PATCH", headers }));
}

describe("the range of a chunk", () => {
  test("may be absent", () => expect(contentRangeOf(undefined, "5")).toBeUndefined());

  test.each([
    ["0-0", 0, 0],
    ["0-1023", 0, 1023],
    ["1024-2047", 1024, 2047],
    ["007-0010", 7, 10],
    ["bytes 0-4", 0, 4],
    ["bytes=0-4", 0, 4],
    ["bytes 0-4/5", 0, 4],
    ["bytes 0-4/*", 0, 4],
    ["0-9007199254740991", 0, Number.MAX_SAFE_INTEGER],
  ])("%s is %d to %d", (range, firstByte, lastByte) => expect(contentRangeOf(range)).toEqual({ firstByte, lastByte }));

  test.each([
    "",
    "-",
    "0",
    "0-",
    "-5",
    "5-3",
    "a-b",
    "0-1-2",
    "0-4,5-9",
    "bytes",
    "bytes */5",
    "items 0-4",
    "0 - 4",
    "+0-4",
    "0x0-4",
    "1.0-4",
    "0-4\u00a0",
    "\u000b0-4",
    "0-9007199254740992",
    "99999999999999999999-99999999999999999999",
  ])("%j cannot be understood", (range) =>
    expect(thrownBy(() => contentRangeOf(range)).kind).toBe("content-range-invalid"),
  );

  test("must be as long as the body is said to be", () => {
    expect(contentRangeOf("10-14", "5")).toEqual({ firstByte: 10, lastByte: 14 });
    for (const length of ["0", "4", "6", "500"])
      expect(thrownBy(() => contentRangeOf("10-14", length)).kind).toBe("size-invalid");
  });

  test("is checked although the length was sent twice", () => {
    expect(contentRangeOf("0-4", "5, 5")).toEqual({ firstByte: 0, lastByte: 4 });
    expect(thrownBy(() => contentRangeOf("0-4", "6, 6")).kind).toBe("size-invalid");
  });

  test("is what was sent, or refused", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (firstByte, lastByte) => {
        if (firstByte <= lastByte) expect(contentRangeOf(`${firstByte}-${lastByte}`)).toEqual({ firstByte, lastByte });
        else expect(thrownBy(() => contentRangeOf(`${firstByte}-${lastByte}`)).kind).toBe("content-range-invalid");
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]{0,20}$/), (text) => {
        if (/^(?:bytes=)?\d+-\d+(?:\/(?:\d+|\*))?$/.test(text)) return;
        expect(thrownBy(() => contentRangeOf(text)).kind).toBe("content-range-invalid");
      }),
    );
  });
});
