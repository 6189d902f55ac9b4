import { expect, test } from "bun:test";
import { relayLines } from "../../../src/processes/relay-lines.ts";

async function relayed(...pieces: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const written: string[] = [];
  async function* source() {
    for (const piece of pieces) yield typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
  }
  await relayLines(source(), (lines) => written.push(lines));
  return written;
}

test("only whole lines are passed on, as soon as they are whole", async () => {
  expect(await relayed("one\ntw", "o\nthree\nfo", "u", "r\n")).toEqual(["one", "two\nthree", "four"]);
});

test("a last line without an end is passed on at the end", async () => {
  expect(await relayed("one\nrest")).toEqual(["one", "rest"]);
  expect(await relayed()).toEqual([]);
});

test("a character of several bytes may come in two pieces", async () => {
  const bytes = new TextEncoder().encode("Tür\n");
  expect(await relayed(bytes.slice(0, 2), bytes.slice(2))).toEqual(["Tür"]);
});
