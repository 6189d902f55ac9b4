import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { getScrubStanding, type ScrubbingOptions, startScrubbing } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { contentOf } from "../../../support/oci-content.ts";
import { logTo } from "../../http/health/log-to.ts";
import { damage, push, runScrub } from "./scrubbed-registry.ts";
import { until } from "../../../support/until.ts";

let memory: MemoryRegistry;
let lines: string[];
let counts: { blobs: number; bytes: number; damages: number };
beforeEach(async () => {
  memory = await openMemoryRegistry();
  lines = [];
  counts = { blobs: 0, bytes: 0, damages: 0 };
  await push(memory.registry, "hello");
});
afterEach(() => memory.close());

function startOn({ registry }: MemoryRegistry, options: Partial<ScrubbingOptions> = {}) {
  const parts = { registry, log: logTo(lines), randomPart: 0, counts };
  return startScrubbing(parts, { enabled: true, intervalMs: 20, bytesPerSecond: 0, ...options });
}

const finished = () => lines.filter((line) => line.includes("scrubbed all content")).length;
const untilFinished = (runs: number) => until("scrubbed", () => finished() >= runs);

/** Whether a scrub is due takes a look at the clock, if there was one before. */
async function untilLookedTwice(): Promise<void> {
  const looks = spyOn(memory.registry.clock, "nowMs");
  await until("looked twice", () => looks.mock.calls.length >= 2);
  looks.mockRestore();
}

test("the first comes soon, the next when the interval since its end is over", async () => {
  const schedule = startOn(memory);
  await untilFinished(1);
  const standing = await getScrubStanding(memory.registry.metadata);
  expect(standing).toEqual({ lostBlobs: 0, finishedAtMs: memory.clock.atMs });
  await untilLookedTwice();
  expect(finished()).toBe(1);
  memory.clock.atMs += 20;
  await untilFinished(2);
  await schedule.stop();
  expect(counts).toEqual({ blobs: 2, bytes: 10, damages: 0 });
});

test("one that an operator made counts", async () => {
  await runScrub(memory.registry);
  const schedule = startOn(memory);
  await untilLookedTwice();
  await schedule.stop();
  expect(lines).toEqual([]);
});

test("damage is an error in the log, with what to do, and is counted", async () => {
  await damage(memory.registry, contentOf("hello"), "hallo");
  const schedule = startOn(memory);
  await untilFinished(1);
  await schedule.stop();
  const line = lines.find((each) => each.includes("blob is damaged")) ?? "";
  for (const part of ["level=error", contentOf("hello").digest, "team/app", "berth/quarantine/", "push it again"])
    expect(line).toContain(part);
  expect(counts.damages).toBe(1);
  expect((await getScrubStanding(memory.registry.metadata)).lostBlobs).toBe(1);
});

test("none is made when it is switched off, nor in read-only mode", async () => {
  const readOnly = await openMemoryRegistry({ readOnly: true });
  const other = await openMemoryRegistry();
  const schedules = [startOn(memory, { enabled: false }), startOn(readOnly), startOn(other)];
  await untilFinished(1);
  for (const schedule of schedules) await schedule.stop();
  expect(lines).toHaveLength(1);
  for (const each of [readOnly, other]) await each.close();
});
