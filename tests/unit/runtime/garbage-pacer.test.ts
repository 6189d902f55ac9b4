import { expect, test } from "bun:test";
import { GarbagePacer } from "../../../src/runtime/index.ts";

const mebibyte = 1024 * 1024;

function pacing() {
  const time = { atMs: 10_000 };
  const collected: number[] = [];
  const pacer = new GarbagePacer(() => collected.push(time.atMs), { nowMs: () => time.atMs });
  return { time, collected, pacer };
}

test("garbage is collected after every 16 MiB, in whatever pieces they came", () => {
  const { time, collected, pacer } = pacing();
  for (let i = 0; i < 64; i++) {
    time.atMs += 100;
    pacer.received(mebibyte);
  }
  expect(collected).toEqual([11_600, 13_200, 14_800, 16_400]);
});

test("however fast they come, it rests between two collections", () => {
  const { time, collected, pacer } = pacing();
  for (let i = 0; i < 1000; i++) {
    time.atMs += 1;
    pacer.received(16 * mebibyte);
  }
  expect(collected).toEqual([10_001, 10_251, 10_501, 10_751]);
});

test("a clock that is set back stops nothing", () => {
  const { time, collected, pacer } = pacing();
  pacer.received(16 * mebibyte);
  time.atMs = 0;
  pacer.received(16 * mebibyte);
  expect(collected).toEqual([10_000, 0]);
});
