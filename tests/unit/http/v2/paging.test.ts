import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { nextLink, parsePage } from "../../../../src/http/v2/paging.ts";
import { thrownBy } from "../../../support/thrown-error.ts";

const page = (query: string) => parsePage(new URLSearchParams(query), 1000);

describe("a page", () => {
  test("without n has no limit of its own", () => {
    expect(page("")).toEqual({ limit: undefined, after: "" });
    expect(page("n=")).toEqual({ limit: undefined, after: "" });
    expect(page("last=b")).toEqual({ limit: undefined, after: "b" });
  });

  test.each([
    ["0", 0],
    ["1", 1],
    ["007", 7],
    ["1000", 1000],
    ["1001", 1000],
    ["9".repeat(400), 1000],
  ])("with n=%s has %d entries at most", (n, limit) => expect(page(`n=${n}&last=x`)).toEqual({ limit, after: "x" }));

  test.each(["-1", "-0", "1.5", "1e3", "0x10", "abc", "NaN", "Infinity", "%20", "+1", "1%20", "1%00", "١", "1,2"])(
    "cannot have n=%s",
    (n) => {
      const error = thrownBy(() => page(`n=${n}`));
      expect(error.kind).toBe("page-size-invalid");
      expect(error.details).toHaveLength(1);
    },
  );

  test("takes the first n and the first last", () =>
    expect(page("n=1&n=-2&last=a&last=b")).toEqual({ limit: 1, after: "a" }));

  test("has a limit between 0 and the maximum, or is refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String)), fc.nat(), (n, maximum) => {
        const query = new URLSearchParams({ n });
        if (n !== "" && !/^[0-9]+$/.test(n)) {
          expect(thrownBy(() => parsePage(query, maximum)).kind).toBe("page-size-invalid");
          return;
        }
        const { limit } = parsePage(query, maximum);
        if (limit !== undefined) expect(limit >= 0 && limit <= maximum).toBe(true);
      }),
    );
  });
});

describe("the link to the next page", () => {
  const link = (query: string, last: string, limit?: number) =>
    nextLink("/v2/a/tags/list", new URLSearchParams(query), last, limit);

  test("is a path with last and n", () => expect(link("n=2", "b", 2)).toBe('</v2/a/tags/list?n=2&last=b>; rel="next"'));

  test("replaces what the query says of last and n", () =>
    expect(link("last=a&n=5000", "b", 1000)).toBe('</v2/a/tags/list?last=b&n=1000>; rel="next"'));

  test("keeps other parameters", () =>
    expect(link("ns=docker.io&artifactType=a%2Fb", "x")).toBe(
      '</v2/a/tags/list?ns=docker.io&artifactType=a%2Fb&last=x>; rel="next"',
    ));

  test("is one header on one line, from which the same page is read back", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 1000 }), fc.string(), (last, limit, namespace) => {
        const header = nextLink("/v2/_catalog", new URLSearchParams({ ns: namespace }), last, limit);
        expect(header).toMatch(/^<\/v2\/_catalog\?[\x21-\x3d\x3f-\x7e]*>; rel="next"$/);
        const query = new URL(header.slice(1, header.indexOf(">")), "http://a").searchParams;
        expect(parsePage(query, 1000)).toEqual({ limit, after: last.toWellFormed() });
        expect(query.get("ns")).toBe(namespace.toWellFormed());
      }),
    );
  });
});
