import { expect, test } from "bun:test";

import { isSystemError } from "../../../src/http/system-error.ts";

test("what the operating system refuses is told from what is a defect", async () => {
  const missing = await Bun.file("/nowhere/at/all")
    .text()
    .catch((error: unknown) => error);
  expect(isSystemError(missing)).toBe(true);
  expect(isSystemError(Object.assign(new Error("too many open files"), { code: "EMFILE" }))).toBe(true);
  expect(isSystemError(Object.assign(new Error("no argument"), { code: "ERR_INVALID_ARG_TYPE" }))).toBe(false);
  expect([new TypeError("undefined"), "EIO", undefined].map(isSystemError)).toEqual([false, false, false]);
});
