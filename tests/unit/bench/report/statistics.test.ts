import { describe, expect, test } from "bun:test";
import { median, percentile, summarize } from "../../../../bench/report/statistics.ts";

describe("median", () => {
  test.each([
    ["one sample", [7], 7],
    ["the middle of an odd number, whatever their order", [9, 1, 5], 5],
    ["the mean of the two in the middle", [4, 1, 2, 10], 3],
    ["numbers, not their spelling", [10, 9, 100], 10],
  ])("is %s", (_what, samples, expected) => {
    expect(median(samples)).toBe(expected);
  });

  test("does not exist without samples", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

test("a percentile lies between its neighbours", () => {
  expect(percentile([0, 10], 25)).toBe(2.5);
  expect(percentile([3, 1, 2], 0)).toBe(1);
  expect(percentile([3, 1, 2], 100)).toBe(3);
});

test("a summary holds the range and leaves the samples as they were", () => {
  const samples = [3, 1, 2];
  expect(summarize(samples)).toEqual({ median: 2, lowest: 1, highest: 3 });
  expect(samples).toEqual([3, 1, 2]);
});
