import { describe, expect, test } from "bun:test";
import { CronTimes } from "../../../src/runtime/index.ts";

const after = (expression: string, from: string) =>
  new Date(new CronTimes(expression).after(Date.parse(from))).toISOString();

describe("the next moment", () => {
  test.each([
    ["0 3 * * *", "2026-05-01T02:59:59.999Z", "2026-05-01T03:00:00.000Z"],
    ["0 3 * * *", "2026-05-01T03:00:00.000Z", "2026-05-02T03:00:00.000Z"],
    ["*/15 * * * *", "2026-12-31T23:45:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["30 1 29 2 *", "2026-01-01T00:00:00.000Z", "2028-02-29T01:30:00.000Z"],
    ["0 0 * * sun", "2026-05-01T00:00:00.000Z", "2026-05-03T00:00:00.000Z"],
    ["@daily", "2026-05-01T00:00:00.000Z", "2026-05-02T00:00:00.000Z"],
    // When clocks in Europe are put forward, nothing is left out.
    ["30 2 * * *", "2026-03-29T00:00:00.000Z", "2026-03-29T02:30:00.000Z"],
  ])("of %s behind %s is %s", (expression, from, expected) => expect(after(expression, from)).toBe(expected));
});

describe("what is refused", () => {
  test.each(["", "daily", "0 25 * * *", "* * * * * *", "0 3 * *"])("%p is", (expression) =>
    expect(() => new CronTimes(expression)).toThrow(`"${expression}" is no schedule such as "0 3 * * *": `),
  );

  test("a day that no month has is", () =>
    expect(() => new CronTimes("0 0 30 2 *")).toThrow('"0 0 30 2 *" is a moment that never comes'));
});
