import { describe, expect, test } from "bun:test";
import { describeEnd, describeProgress, hasEnded } from "../../../../src/cli/upkeep/job-report.ts";
import { JobWatch } from "../../../../src/cli/upkeep/follow-job.ts";
import { ProgressLine } from "../../../../src/cli/progress-line.ts";
import type { ApiJob } from "../../../../src/http/index.ts";

const JOB: ApiJob = {
  id: 12,
  kind: "gc",
  state: "running",
  input: {},
  requestedBy: null,
  createdAt: "2026-01-01T00:00:00Z",
  dueAt: null,
  startedAt: null,
  endedAt: null,
  attempts: 1,
  isCancelWanted: false,
  progress: null,
  result: null,
  problem: null,
};

describe("how far a job is", () => {
  test.each([
    [null, undefined, ["running"]],
    [
      { done: 5, total: 20, unit: "candidate", detail: { candidates: 5, blobs: 3, failed: 0 } },
      0.25,
      ["5 of 20 candidates", "blobs 3"],
    ],
    [{ done: 0, total: 0, unit: "candidate", detail: {} }, 1, ["0 of 0 candidates"]],
    [
      { done: 1024, total: 4096, unit: "byte", detail: { damagedManifests: 1 } },
      0.25,
      ["1.0 KiB of 4.0 KiB", "damaged manifests 1"],
    ],
    [{ done: 2048, total: null, unit: "byte", detail: {} }, undefined, ["2.0 KiB"]],
    [{ done: 7, total: null, unit: "repository", detail: { after: "team/app" } }, undefined, ["7 repositories"]],
  ])("of %j", (progress, part, facts) =>
    expect(describeProgress({ ...JOB, progress })).toEqual({ part, facts: [...facts] }),
  );
});

describe("how it ended", () => {
  test.each([
    [
      { state: "succeeded", result: { blobs: 2, freedBytes: 3 * 1024 ** 2, failed: 0 } },
      "done: blobs 2, freed 3.0 MiB.",
    ],
    [{ state: "succeeded", result: { blobs: 1, bytes: 1000 } }, "done: blobs 1, 1000 bytes."],
    [{ state: "succeeded", result: { blobs: 0 } }, "done: there was nothing to do."],
    [{ state: "succeeded", result: null }, "done: there was nothing to do."],
    [{ state: "failed", problem: "the disk is full" }, "failed: the disk is full."],
    [{ state: "cancelled" }, "was cancelled."],
  ] as const)("as %j", (end, said) => {
    const job = { ...JOB, ...end };
    expect(describeEnd(job)).toStartWith("Job 12 (gc) ");
    expect(describeEnd(job)).toEndWith(said);
    expect(hasEnded(job)).toBe(true);
  });

  test("it has not while it waits or runs", () =>
    expect([hasEnded({ state: "waiting" }), hasEnded({ state: "running" })]).toEqual([false, false]));
});

describe("who follows a job is told", () => {
  function watch(isTTY: boolean) {
    const written: string[] = [];
    let atMs = 0;
    const stopwatchMs = () => atMs;
    const seen = new JobWatch(
      new ProgressLine({ isTTY, write: (text) => written.push(text) }, stopwatchMs),
      stopwatchMs,
    );
    const see = (ms: number, more: Partial<ApiJob>) => {
      atMs = ms;
      seen.see({ ...JOB, ...more });
    };
    return { written, see };
  }

  test("that nobody begins it, once, after ten seconds", () => {
    const { written, see } = watch(false);
    for (const ms of [0, 9999, 10_000, 20_000, 60_000]) see(ms, { state: "waiting" });
    expect(written).toEqual([
      "Nobody has begun job 12 yet: it waits for a registry that serves this database, and is not busy. To take it back: bin/berth job cancel 12\n",
    ]);
  });

  test("why it waits again, once for each reason", () => {
    const { written, see } = watch(false);
    const waiting = { state: "waiting", problem: "the disk is full", dueAt: "2026-01-01T00:01:00.000Z" } as const;
    for (const ms of [0, 500]) see(ms, waiting);
    see(1000, { ...waiting, dueAt: "2026-01-01T00:02:00.000Z" });
    expect(written).toEqual([
      "Job 12 waits until 2026-01-01T00:01:00.000Z: the disk is full.\n",
      "Job 12 waits until 2026-01-01T00:02:00.000Z: the disk is full.\n",
    ]);
  });

  test("how far it is, by a bar on a terminal", () => {
    const { written, see } = watch(true);
    see(1000, { progress: { done: 5, total: 10, unit: "candidate", detail: { blobs: 1 } } });
    expect(written).toEqual(["\r\u001B[K[############............] 50 %  5 of 10 candidates  blobs 1"]);
  });
});
