import { expect, test } from "bun:test";
import { StepPace } from "../../../../src/upkeep/gc/step-pace.ts";

const AIM = { aimMs: 1, least: 4, most: 50 };
const { signal } = new AbortController();

/** So many steps on a machine that takes so long for each piece. @returns how much each was given */
async function stepsOf(count: number, msEach: () => number, restFactor = 0): Promise<readonly number[]> {
  let nowMs = 0;
  const pace = new StepPace({ stopwatchMs: () => nowMs, restFactor });
  const sizes: number[] = [];
  for (let step = 0; step < count; step++)
    await pace.take(
      AIM,
      (size) => {
        sizes.push(size);
        nowMs += size * msEach();
        return Promise.resolve();
      },
      signal,
    );
  return sizes;
}

test("a step takes the time that it may, whatever the machine", async () => {
  for (const msEach of [0.03, 0.05, 0.1]) {
    const sizes = (await stepsOf(60, () => msEach)).slice(20);
    expect(Math.max(...sizes) * msEach).toBeLessThan(1.3);
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeGreaterThan(0.5 / msEach);
  }
});

test("it does as much as it may at most, and never so little that the run does not end", async () => {
  expect((await stepsOf(40, () => 0.001)).at(-1)).toBe(50);
  expect((await stepsOf(5, () => 100)).every((size) => size === 4)).toBe(true);
});

test("it gets smaller at once when the machine gets slower", async () => {
  let steps = 0;
  const sizes = await stepsOf(50, () => (steps++ > 40 ? 0.2 : 0.02));
  expect(sizes[41]).toBeGreaterThan(30);
  expect(sizes.at(-1)).toBeLessThan(8);
});

test("what a step returns or throws is told after it", async () => {
  const pace = new StepPace({ stopwatchMs: () => 0, restFactor: 2 });
  expect(await pace.take(AIM, (size) => Promise.resolve(size), signal)).toBe(4);
  expect(await pace.take(AIM, () => Promise.reject(new Error("no")), signal).catch(String)).toBe("Error: no");
});
