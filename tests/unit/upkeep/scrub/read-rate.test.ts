import { expect, test } from "bun:test";
import { ReadRate } from "../../../../src/upkeep/scrub/read-rate.ts";

const never = new AbortController().signal;

function makeRate(bytesPerSecond: number) {
  let atMs = 1000;
  const pauses: number[] = [];
  const pause = async (ms: number) => {
    pauses.push(ms);
    const untilMs = atMs + ms;
    await Promise.resolve();
    atMs = Math.max(atMs, untilMs);
  };
  const rate = new ReadRate({ bytesPerSecond, clock: { nowMs: () => atMs }, pause });
  return { rate, pauses, wait: (ms: number) => (atMs += ms), now: () => atMs };
}

test("so many bytes a second are read, and no more", async () => {
  const { rate, pauses, now } = makeRate(1000);
  for (const bytes of [500, 500, 250, 1]) await rate.take(bytes, never);
  expect(pauses).toEqual([500, 500, 250]);
  expect(now()).toBe(2250);
});

test("readers that wait at once share the rate", async () => {
  const { rate, pauses } = makeRate(1000);
  await Promise.all([rate.take(500, never), rate.take(500, never), rate.take(500, never)]);
  expect(pauses).toEqual([500, 1000]);
});

test("time in which nothing was read is not made up for", async () => {
  const { rate, pauses, wait } = makeRate(1000);
  await rate.take(1000, never);
  wait(60_000);
  await rate.take(1000, never);
  expect(pauses).toEqual([]);
  await rate.take(1000, never);
  expect(pauses).toEqual([1000]);
});

test("a rate of 0 is none", async () => {
  const { rate, pauses } = makeRate(0);
  for (let i = 0; i < 10; i++) await rate.take(2 ** 30, never);
  expect(pauses).toEqual([]);
});

test("pieces are small where little is read in a second", () => {
  expect([0, 1, 100_000, 2 ** 40].map((rate) => makeRate(rate).rate.pieceBytes)).toEqual([
    1_048_576, 4096, 100_000, 1_048_576,
  ]);
});

test("a wait ends when it is aborted", async () => {
  const rate = new ReadRate({ bytesPerSecond: 1, clock: { nowMs: () => 0 } });
  const abort = new AbortController();
  await rate.take(3600, abort.signal);
  const waiting = rate.take(1, abort.signal).catch((error: unknown) => error);
  abort.abort("stop");
  expect(await waiting).toBe("stop");
});
