import { expect, test } from "bun:test";

import { isSystemError } from "../../../src/http/error-answer.ts";
import { unsentResponse } from "../../../src/http/unsent-response.ts";
import { parseErrorBody } from "../../support/http-client.ts";

const parts = { newRequestId: () => "r-1", report: () => undefined };

test("what the operating system refuses is told from what is a defect", async () => {
  const missing = await Bun.file("/nowhere/at/all")
    .text()
    .catch((error: unknown) => error);
  expect(isSystemError(missing)).toBe(true);
  expect(isSystemError(Object.assign(new Error("too many open files"), { code: "EMFILE" }))).toBe(true);
  expect(isSystemError(Object.assign(new Error("no argument"), { code: "ERR_INVALID_ARG_TYPE" }))).toBe(false);
  expect([new TypeError("undefined"), "EIO", undefined].map(isSystemError)).toEqual([false, false, false]);
});

test("a file that cannot be opened for sending is said to be unavailable", async () => {
  const missing = await Bun.file("/nowhere/at/all")
    .text()
    .catch((error: unknown) => error);
  const told: object[] = [];
  const answer = unsentResponse(missing, { ...parts, report: (unsent) => told.push(unsent) });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(answer.headers.get("x-request-id")).toBe("r-1");
  expect(told).toEqual([{ requestId: "r-1", status: 503, error: missing }]);
  expect(parseErrorBody(await answer.text())?.errors[0]?.code).toBe("UNAVAILABLE");
});

test("what is no error of the system is a defect, said in the same form and without its words", async () => {
  const answer = unsentResponse(new TypeError("a secret"), parts);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([500, null]);
  const text = await answer.text();
  expect(parseErrorBody(text)?.errors[0]?.code).toBe("UNKNOWN");
  expect(text).not.toContain("secret");
});
