import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { JobPostponed } from "../../../../src/jobs/index.ts";
import { putNodeSetting, putScrub } from "../../../../src/metadata/index.ts";
import { getScrubStanding, type ScrubbingOptions, scrubWork } from "../../../../src/upkeep/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { contentOf } from "../../../support/oci-content.ts";
import { logTo } from "../../http/health/log-to.ts";
import { attempt } from "../attempt.ts";
import { damage, push, runScrub } from "./scrubbed-registry.ts";

const HOUR = 3_600_000;

let memory: MemoryRegistry;
let lines: string[];
let counts: { blobs: number; bytes: number; damages: number; correctedQuotas: number };
beforeEach(async () => {
  memory = await openMemoryRegistry();
  lines = [];
  counts = { blobs: 0, bytes: 0, damages: 0, correctedQuotas: 0 };
  await push(memory.registry, "hello");
});
afterEach(() => memory.close());

function workOn({ registry }: MemoryRegistry, options: Partial<ScrubbingOptions> = {}) {
  const parts = { registry, log: logTo(lines), counts };
  return scrubWork(parts, { enabled: true, intervalMs: 24 * HOUR, schedule: undefined, bytesPerSecond: 0, ...options });
}

test("it verifies everything, counts and says how far it is", async () => {
  const { result, progress } = await attempt(workOn(memory));
  expect(result).toMatchObject({ blobs: 1, bytes: 5, damaged: 0 });
  expect(progress).toMatchObject({ done: 5, total: 5, unit: "byte", detail: { blobs: 1 } });
  expect(counts).toEqual({ blobs: 1, bytes: 5, damages: 0, correctedQuotas: 0 });
  expect(lines).toHaveLength(1);
  const standing = await getScrubStanding(memory.registry.metadata);
  expect(standing).toEqual({ lostBlobs: 0, finishedAtMs: memory.clock.atMs });
});

test("damage is an error in the log, with what to do, and is counted", async () => {
  await damage(memory.registry, contentOf("hello"), "hallo");
  await attempt(workOn(memory));
  const line = lines.find((each) => each.includes("blob is damaged")) ?? "";
  for (const part of ["level=error", contentOf("hello").digest, "team/app", "berth/quarantine/", "push it again"])
    expect(line).toContain(part);
  expect(counts.damages).toBe(1);
  expect((await getScrubStanding(memory.registry.metadata)).lostBlobs).toBe(1);
});

test("a wrong counter of a quota is a warning in the log, with the numbers, and is counted", async () => {
  await memory.registry.metadata.transaction(async (queries) => {
    await putNodeSetting(queries, { path: "team", name: "quota", value: { tags: 9 }, nowMs: 1 });
    await queries.updateTable("quota_uses").set({ tags: 4 }).execute();
  });
  expect((await attempt(workOn(memory))).result).toMatchObject({ correctedQuotas: 1 });
  const line = lines.find((each) => each.includes("counters of a quota")) ?? "";
  for (const part of ["level=warn", "path=team", '\\"tags\\":4', '\\"tags\\":0']) expect(line).toContain(part);
  expect([counts.correctedQuotas, counts.damages]).toEqual([1, 0]);
});

/** More than are looked at before the first is told of. */
async function pushMore(): Promise<void> {
  for (const text of ["one", "two", "three", "four"]) await push(memory.registry, text);
}

test("one that is interrupted throws, and the next attempt goes on, even of one that was to begin anew", async () => {
  await pushMore();
  const stop = new AbortController();
  const input = { restart: true };
  const interrupted = attempt(workOn(memory), { input, signal: stop.signal, onReport: () => stop.abort() });
  expect(await failureOf(interrupted)).toBe("interrupted");
  expect(lines.join("")).toContain("the scrub was interrupted");
  const progress = { done: 5, total: 20, unit: "byte" };
  const { result, progress: last } = await attempt(workOn(memory), { input, progress });
  expect(result).toMatchObject({ blobs: 5 });
  expect(lines.at(-1)).toContain("isResumed=true");
  expect(last).toMatchObject({ done: 20, total: 20 });
});

test("while another scrub runs it waits", async () => {
  await memory.registry.metadata.transaction((queries) =>
    putScrub(queries, {
      owner: "berth scrub",
      startedAtMs: memory.clock.atMs,
      updatedAtMs: memory.clock.atMs,
      finishedAtMs: null,
      progress: "{}",
    }),
  );
  const refusal: unknown = await attempt(workOn(memory)).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(JobPostponed);
  expect(refusal).toMatchObject({ message: expect.stringContaining("another scrub runs"), waitMs: 60_000 });
});

describe("by an interval it is due", () => {
  async function isDue(): Promise<boolean> {
    const { schedule } = workOn(memory);
    if (!schedule || !("everyMs" in schedule)) throw new Error("there is no interval");
    expect(schedule).toMatchObject({ everyMs: 24 * HOUR, askEveryMs: HOUR });
    return (await schedule.isDue?.(memory.registry.metadata.reads, memory.clock.atMs)) ?? false;
  }

  test("where there was none", async () => expect(await isDue()).toBe(true));

  test("so long after the end of one, also of one that an operator made", async () => {
    await runScrub(memory.registry);
    expect(await isDue()).toBe(false);
    memory.clock.atMs += 24 * HOUR - 1;
    expect(await isDue()).toBe(false);
    memory.clock.atMs += 1;
    expect(await isDue()).toBe(true);
  });

  test("where one was interrupted", async () => {
    await pushMore();
    const stop = new AbortController();
    await runScrub(memory.registry, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(await isDue()).toBe(true);
  });
});

test("it has times of the day where that is configured, and none where it is switched off", () => {
  expect(workOn(memory, { schedule: "0 3 * * *" }).schedule).toMatchObject({ times: { expression: "0 3 * * *" } });
  expect(workOn(memory, { enabled: false }).schedule).toBeUndefined();
});
