import { expect, test } from "bun:test";
import { freeMemory } from "../../../src/runtime/index.ts";

test("the memory of a piece is gone", () => {
  const piece = new Uint8Array(1000);
  freeMemory(piece);
  expect(piece.byteLength).toBe(0);
  expect(piece.buffer.detached).toBeTrue();
});

test("memory that others share is left alone", () => {
  const whole = new Uint8Array([1, 2, 3]);
  freeMemory(whole.subarray(1));
  expect([...whole]).toEqual([1, 2, 3]);
});

test("what has none, or none any more, is no error", () => {
  const piece = new Uint8Array(10);
  freeMemory(piece);
  freeMemory(piece);
  freeMemory(new Uint8Array());
});
