import { describe, expect, test } from "bun:test";

import { isNotModified } from "../../../../src/http/v2/conditional.ts";
import { digestFromHex } from "../../../../src/oci/index.ts";

const DIGEST = digestFromHex("sha256", "a".repeat(64));
const OTHER = digestFromHex("sha256", "b".repeat(64));

function knows(ifNoneMatch?: string): boolean {
  const headers = new Headers(ifNoneMatch === undefined ? {} : { "If-None-Match": ifNoneMatch });
  return isNotModified(new Request("http://a/", { headers }), DIGEST);
}

describe("content is not modified for a client that sends If-None-Match", () => {
  test.each([
    `"${DIGEST}"`,
    DIGEST,
    `W/"${DIGEST}"`,
    ` "${DIGEST}" `,
    `"${OTHER}", "${DIGEST}"`,
    `"${OTHER}","x" ,"${DIGEST}"`,
    "*",
  ])("%s", (header) => expect(knows(header)).toBe(true));
});

describe("content is sent in spite of If-None-Match", () => {
  test.each(["", `"${OTHER}"`, OTHER, `"${DIGEST}`, `"${DIGEST.toUpperCase()}"`, `"x${DIGEST}"`, '"*"', ","])(
    "%s",
    (header) => expect(knows(header)).toBe(false),
  );
});

test("content is sent to a client that knows nothing", () => expect(knows()).toBe(false));
