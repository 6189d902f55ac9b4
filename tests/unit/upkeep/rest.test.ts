import { expect, test } from "bun:test";
import { restSince } from "../../../src/upkeep/rest.ts";

const { signal } = new AbortController();

test("a clock that was put forward does not keep work at rest", async () => {
  await restSince(0, { clock: { nowMs: () => 3_600_000 }, signal });
}, 10_000);

test("a clock that was put back, and no time that was taken, give others a turn", async () => {
  let turns = 0;
  setImmediate(() => turns++);
  await restSince(5000, { clock: { nowMs: () => 1000 }, signal });
  expect(turns).toBe(1);
});

test("an end that is wanted ends the rest", async () => {
  const stop = new AbortController();
  stop.abort();
  await restSince(0, { clock: { nowMs: () => 3_600_000 }, signal: stop.signal });
});
