import { describe, expect, test } from "bun:test";
import { Output } from "../../../src/cli/remote/output.ts";
import { formatTable } from "../../../src/cli/table.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const TIME = "2026-11-21T23:43:25.155Z";
const ROWS = [{ digest: DIGEST, time: TIME, why: `kept since ${TIME}` }];
const COLUMNS = {
  digest: (row: (typeof ROWS)[number]) => row.digest,
  time: (row: (typeof ROWS)[number]) => row.time,
  why: (row: (typeof ROWS)[number]) => row.why,
};
const SHORT = `sha256:0123456789ab…  2026-11-21T23:43:25Z  kept since ${TIME}\n`;

describe("a table", () => {
  test("that fits is whole, and so is one for no terminal", () => {
    for (const width of [undefined, 200])
      expect(formatTable(ROWS, COLUMNS, width)).toContain(`${DIGEST}  ${TIME}  kept`);
  });

  test("that is too wide for the terminal has short digests and times", () =>
    expect(formatTable(ROWS, COLUMNS, 100)).toEndWith(SHORT));

  test("may be of more rows than a call may have arguments", () => {
    const rows = Array.from({ length: 700_000 }, (_, row) => ({ row }));
    expect(formatTable(rows, { row: ({ row }) => row }).split("\n")).toHaveLength(700_002);
  });

  test("is as wide as what it is written to", () => {
    const told = (stdout: { isTTY?: boolean; columns?: number }) => {
      let text = "";
      new Output({ ...stdout, write: (some: string) => (text += some) }, false).list(ROWS, COLUMNS);
      return text;
    };
    expect(told({ isTTY: true, columns: 100 })).toEndWith(SHORT);
    expect(told({ columns: 100 })).toContain(DIGEST);
    expect(told({ isTTY: true, columns: 0 })).toContain(DIGEST);
  });
});
