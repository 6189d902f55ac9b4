import { afterEach, beforeEach, expect, test } from "bun:test";
import { listRemovals } from "../../../../src/metadata/index.ts";
import { COLLECTION_JOB, collectionWork, NOTHING_COLLECTED } from "../../../../src/upkeep/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { logTo } from "../../http/health/log-to.ts";
import { attempt } from "../attempt.ts";
import { hasBytes, pushBlob, pushImage, remove } from "./collected-registry.ts";

const DAY = 86_400_000;

let memory: MemoryRegistry;
let lines: string[];
let counts: { -readonly [Name in keyof typeof NOTHING_COLLECTED]: number };
beforeEach(async () => {
  memory = await openMemoryRegistry();
  lines = [];
  counts = { ...NOTHING_COLLECTED };
});
afterEach(() => memory.close());

function work(untagged: "keep" | "remove" = "keep") {
  const options = { enabled: true, intervalMs: 1000, schedule: undefined, windowMs: DAY, untagged } as const;
  return collectionWork({ registry: memory.registry, log: logTo(lines), counts, settleMs: 0 }, options);
}

test("it removes what the configuration says, counts, and says how far it is", async () => {
  const { digest } = await pushBlob(memory.registry, "nobody names it");
  expect((await attempt(work())).result).toMatchObject({ candidates: 0, blobs: 0 });
  memory.clock.atMs = Date.now() + 2 * DAY;
  const { result, progress } = await attempt(work());
  expect(await hasBytes(memory.registry, digest)).toBe(false);
  expect(result).toMatchObject({ blobs: 1, freedBytes: 15 });
  const { done, total, unit } = progress ?? {};
  expect({ isAllDone: done === total, unit }).toEqual({ isAllDone: true, unit: "candidate" });
  expect(counts).toMatchObject({ blobs: 1, freedBytes: 15 });
  expect(lines.filter((line) => line.includes("cleaned up"))).toHaveLength(1);
});

test("who asks for it may say how long to wait, and that manifests without a tag go", async () => {
  const image = await pushImage(memory.registry, "untagged");
  await attempt(work(), { input: { windowSeconds: 0 } });
  expect(await hasBytes(memory.registry, image.layer.digest)).toBe(true);
  memory.clock.atMs = Date.now() + 1000;
  const { result } = await attempt(work(), { input: { windowSeconds: 0, deleteUntagged: true } });
  expect(result).toMatchObject({ manifests: 1, blobs: 2 });
  const [removal] = await listRemovals(memory.registry.metadata.reads, image.digest, 1);
  expect(removal?.run).toBe("job 7");
});

test("where they go by default now and stayed before, those that are there go a window later, once", async () => {
  const { registry, clock } = memory;
  const image = await pushImage(registry, "untagged");
  await pushImage(registry, "tagged", { reference: "1.0" });
  clock.atMs = Date.now() + 2 * DAY;
  expect((await attempt(work("keep"))).result).toMatchObject({ manifests: 0 });
  clock.atMs += DAY;
  // It waits from now on, as if the tag was lost just now.
  expect((await attempt(work("remove"))).result).toMatchObject({ manifests: 0 });
  clock.atMs += DAY - 1;
  expect((await attempt(work("remove"))).result).toMatchObject({ manifests: 0 });
  clock.atMs += 2;
  expect((await attempt(work("remove"))).result).toMatchObject({ candidates: expect.any(Number), manifests: 1 });
  expect(await hasBytes(registry, image.layer.digest)).toBe(false);
  expect((await attempt(work("remove"))).result).toMatchObject({ candidates: 0 });
});

test("what an attempt before it did is counted in, once", async () => {
  const image = await pushImage(memory.registry, "gone", { reference: "1.0" });
  await remove(memory.registry, image.digest);
  memory.clock.atMs = Date.now() + 2 * DAY;
  const before = { done: 4, total: 6, unit: "candidate", detail: { ...NOTHING_COLLECTED, candidates: 4, blobs: 3 } };
  const { result } = await attempt(work(), { progress: before });
  expect(result).toMatchObject({ blobs: 5 });
  expect(counts.blobs).toBe(2);
});

test("one that is interrupted has not come to its end", async () => {
  const stop = new AbortController();
  stop.abort(new Error("cancelled"));
  expect(await failureOf(attempt(work(), { signal: stop.signal }))).toBe("cancelled");
});

test("input that says nothing it knows is refused", () => {
  for (const input of [{ windowSeconds: -1 }, { windowSeconds: "1h" }, { dryRun: true }])
    expect(COLLECTION_JOB.input.safeParse(input).success).toBe(false);
});
