import { expect, test } from "bun:test";
import fc from "fast-check";
import { recordedSince } from "../../../../src/registry/retention/recorded-since.ts";

const gap = (fromMs: number, toMs: number) => ({ fromMs, toMs });

test.each([
  ["no gap", [], 70],
  ["one that was over before", [gap(10, 60)], 70],
  ["one that was over right then", [gap(10, 70)], 10],
  ["one within", [gap(80, 90)], 60],
  ["one that is not over", [gap(80, 100)], 50],
  ["one that is over later", [gap(80, 200)], 50],
  ["one to come", [gap(150, 200)], 70],
  ["one that leads to another", [gap(80, 90), gap(40, 65)], 35],
] as const)("thirty of a hundred, and %s", (_, gaps, expected) =>
  expect(recordedSince({ nowMs: 100, gaps }, 30)).toBe(expected),
);

test("just so much was on record since then", () => {
  const ends = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 10 });
  fc.assert(
    fc.property(ends, fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 100 }), (numbers, nowMs, ageMs) => {
      const sorted = numbers.toSorted((a, b) => b - a);
      const gaps = sorted.flatMap((toMs, index) => (index % 2 === 0 ? [gap(sorted[index + 1] ?? toMs, toMs)] : []));
      const sinceMs = recordedSince({ nowMs, gaps }, ageMs);
      const isRecorded = (ms: number) => !gaps.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
      const past = Array.from({ length: nowMs - sinceMs }, (_, index) => sinceMs + index);
      expect(past.filter(isRecorded)).toHaveLength(ageMs);
    }),
  );
});
