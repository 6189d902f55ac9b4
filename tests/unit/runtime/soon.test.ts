import { expect, test } from "bun:test";
import { whenThere } from "../../../src/runtime/index.ts";

test("what is there is used at once", () => {
  expect(whenThere(2, (value) => value + 1)).toBe(3);
});

test("what comes later is used then", async () => {
  const uses: number[] = [];
  const later = whenThere(Promise.resolve(2), (value) => uses.push(value));
  expect(uses).toEqual([]);
  await later;
  expect(uses).toEqual([2]);
});

test("a failure that comes later is passed on, and nothing is used", async () => {
  const failed = whenThere(Promise.reject(new Error("lost")), () => "used");
  expect(await Promise.resolve(failed).catch(String)).toBe("Error: lost");
});
