import { expect, test } from "bun:test";
import { backOffMs } from "../../../src/jobs/back-off.ts";

test.each([
  [1, 5000, 10_000],
  [2, 10_000, 20_000],
  [9, 1_280_000, 2_560_000],
  [10, 1_800_000, 3_600_000],
  [1000, 1_800_000, 3_600_000],
])("after %d attempts it is from %d to %d ms", (attempts, least, most) => {
  expect(backOffMs(attempts, () => 0)).toBe(least);
  expect(backOffMs(attempts, () => 0.999_999_99)).toBe(most);
});
