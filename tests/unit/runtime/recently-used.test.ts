import { expect, test } from "bun:test";
import { RecentlyUsed } from "../../../src/runtime/index.ts";

test("what is asked for stays, what nobody asks for goes", () => {
  const kept = new RecentlyUsed<number>(100);
  kept.set("popular", 0, 10);
  for (let i = 1; i <= 100; i++) {
    kept.set(`once ${i}`, i, 10);
    expect(kept.get("popular")).toMatchObject({ value: 0 });
  }
  expect(kept.get("once 100")).toMatchObject({ value: 100 });
  expect(kept.get("once 50")).toBeUndefined();
});

test("no more is kept than fits", () => {
  const kept = new RecentlyUsed<number>(100);
  const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`);
  for (const key of keys) kept.set(key, 1, 7);
  expect(keys.filter((key) => kept.get(key)).length * 7).toBeLessThanOrEqual(100);
});

test("what takes more than half of the room is not kept, and drives nothing out", () => {
  const kept = new RecentlyUsed<number>(100);
  kept.set("small", 1, 10);
  kept.set("large", 2, 51);
  expect([kept.get("small")?.value, kept.get("large")]).toEqual([1, undefined]);
});

test("a key that is put again takes its room once, and drives nothing out", () => {
  const kept = new RecentlyUsed<number>(100);
  kept.set("other", 0, 10);
  for (let i = 1; i <= 20; i++) kept.set("again", i, 10);
  expect([kept.get("other")?.value, kept.get("again")?.value]).toEqual([0, 20]);
});

test("what is put again and is too large now leaves nothing of before", () => {
  const kept = new RecentlyUsed<string>(100);
  kept.set("key", "before", 10);
  kept.set("key", "after", 51);
  expect(kept.get("key")).toBeUndefined();
});

test("a value may be undefined", () => {
  const kept = new RecentlyUsed<undefined>(100);
  kept.set("a", undefined, 1);
  expect(kept.get("a")).toMatchObject({ value: undefined });
});

test("nothing is left after it was cleared, neither of what was asked for last nor of what was before", () => {
  const keys = Array.from({ length: 8 }, (_, i) => `key ${i}`);
  const kept = new RecentlyUsed<number>(100);
  for (const key of keys) kept.set(key, 1, 10);
  kept.clear();
  expect(keys.filter((key) => kept.get(key))).toEqual([]);
});

test("what was taken out is gone, of both halves, and makes room", () => {
  const kept = new RecentlyUsed<number>(100);
  for (const key of ["old", "a", "b", "c", "d", "new"]) kept.set(key, 1, 10);
  for (const key of ["old", "new"]) kept.delete(key);
  expect([kept.get("old"), kept.get("new"), kept.get("a")?.value]).toEqual([undefined, undefined, 1]);
});
