import { expect, test } from "bun:test";
import { ProgressLine } from "../../../src/cli/progress-line.ts";

function linesOf(isTTY: boolean, onTerminalOnly: boolean): readonly string[] {
  const written: string[] = [];
  let atMs = 0;
  const line = new ProgressLine({ isTTY, write: (text) => written.push(text) }, () => atMs, { onTerminalOnly });
  for (atMs = 0; atMs <= 20_000; atMs += 100) line.update(() => ({ part: atMs / 20_000, facts: [`${atMs} ms`] }));
  line.clear();
  return written;
}

test("on a terminal it is told some times a second, and taken away in the end", () => {
  const written = linesOf(true, true);
  expect(written).toHaveLength(101);
  expect(written[49]).toBe("\r\u001B[K[############............] 50 %  10000 ms");
  expect(written.at(-1)).toBe("\r\u001B[K");
});

test("elsewhere it is told now and then, or not at all", () => {
  expect(linesOf(false, false)).toEqual([
    "[############............] 50 %  10000 ms\n",
    "[########################] 100 %  20000 ms\n",
  ]);
  expect(linesOf(false, true)).toEqual([]);
});
