import { describe, expect, test } from "bun:test";
import { TokenBuckets } from "../../../../src/http/rate-limits/token-buckets.ts";

function bucketsOf(requests: number, processes = 1) {
  const time = { ms: 5000 };
  return { time, buckets: new TokenBuckets({ requests, periodMs: 60_000 }, { stopwatchMs: () => time.ms, processes }) };
}

function takeAll(buckets: TokenBuckets, key: string): number {
  for (let taken = 0; ; taken++) if (!buckets.take(key)) return taken;
}

describe("a bucket", () => {
  test("is full at first, for each key", () => {
    const { buckets } = bucketsOf(3);
    expect([takeAll(buckets, "a"), takeAll(buckets, "b"), takeAll(buckets, "a")]).toEqual([3, 3, 0]);
  });

  test("is filled evenly, and never over its brim", () => {
    const { buckets, time } = bucketsOf(3);
    takeAll(buckets, "a");
    expect(buckets.waitMs("a")).toBeCloseTo(20_000);
    time.ms += 19_999;
    expect([buckets.take("a"), buckets.remaining("a")]).toEqual([false, 0]);
    time.ms += 1;
    expect([buckets.waitMs("a"), buckets.remaining("a"), buckets.take("a"), buckets.take("a")]).toEqual([
      0,
      1,
      true,
      false,
    ]);
    time.ms += 10 * 60_000;
    expect(takeAll(buckets, "a")).toBe(3);
  });

  test("is filled whenever it is looked at, without a loss", () => {
    const { buckets, time } = bucketsOf(7);
    takeAll(buckets, "a");
    for (let step = 0; step < 60_000; step += 100) {
      time.ms += 100;
      buckets.remaining("a");
    }
    expect(takeAll(buckets, "a")).toBe(7);
  });

  test("takes back, and never over its brim", () => {
    const { buckets } = bucketsOf(2);
    buckets.take("a");
    buckets.giveBack("a");
    buckets.giveBack("a");
    expect(takeAll(buckets, "a")).toBe(2);
  });

  test("may be owed as much as it holds", () => {
    const { buckets, time } = bucketsOf(2);
    for (let count = 0; count < 100; count++) buckets.owe("a");
    expect([buckets.remaining("a"), Math.round(buckets.waitMs("a"))]).toEqual([0, 90_000]);
    time.ms += 90_000;
    expect(takeAll(buckets, "a")).toBe(1);
  });

  test("is a part of the limit where several processes serve", () => {
    const { buckets, time } = bucketsOf(10, 4);
    expect(buckets.remaining("a")).toBe(10);
    expect([takeAll(buckets, "a"), buckets.remaining("a")]).toEqual([2, 2]);
    time.ms += 60_000 * 10;
    expect(takeAll(buckets, "a")).toBe(2);
  });

  test("holds one request at least", () => {
    const { buckets, time } = bucketsOf(1, 4);
    expect([buckets.remaining("a"), takeAll(buckets, "a"), buckets.remaining("a")]).toEqual([1, 1, 0]);
    time.ms += 4 * 60_000;
    expect(takeAll(buckets, "a")).toBe(1);
  });
});

test("buckets are forgotten, those that were used the longest ago first", () => {
  const { buckets } = bucketsOf(1);
  buckets.take("used again and again");
  buckets.take("used once");
  for (let other = 0; other < 30_000; other++) {
    buckets.take(`other ${other}`);
    expect(buckets.take("used again and again")).toBe(false);
  }
  expect(buckets.take("used once")).toBe(true);
});
