import { afterEach, beforeEach, expect, test } from "bun:test";
import { listUsage, type MetadataDatabase, openSqlite, type UsageSum } from "../../../../src/metadata/index.ts";
import { UsageMeter } from "../../../../src/upkeep/index.ts";
import { logTo } from "../../http/health/log-to.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 23, 59);
const nothing = { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0 } as const;

let metadata: MetadataDatabase;
let lines: string[];
let clock: { atMs: number };
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
  lines = [];
  clock = { atMs: NOW_MS };
});
afterEach(() => metadata.close());

const openMeter = (over: MetadataDatabase = metadata) =>
  new UsageMeter({ metadata: over, clock: { nowMs: () => clock.atMs }, log: logTo(lines) });

const usage = (by: Parameters<typeof listUsage>[1]["by"], node = ""): Promise<readonly UsageSum[]> =>
  listUsage(metadata.reads, { node, fromDay: "2026-01-01", toDay: "2026-12-31", by, limit: 100 });

test("what was moved is added up, by repository and person, and over restarts", async () => {
  for (const principal of ["anna", "", "anna"]) {
    const meter = openMeter();
    meter.note({ repository: "team/app", principal, ...nothing, pulls: 1, sentBytes: 10, cutBytes: 4 });
    meter.note({ repository: "team/app", principal, ...nothing, pushes: 1, receivedBytes: 5 });
    await meter.stop();
  }
  const sum = {
    pulls: 1,
    pushes: 1,
    receivedBytes: 5,
    sentBytes: 10,
    cutBytes: 4,
    namespace: null,
    repository: "team/app",
    day: "2026-11-21",
  };
  expect(await usage(["day", "repository", "principal"])).toEqual([
    { ...sum, principal: "" },
    { ...sum, principal: "anna", pulls: 2, pushes: 2, receivedBytes: 10, sentBytes: 20, cutBytes: 8 },
  ]);
  expect(await usage([])).toMatchObject([{ pulls: 3, day: null, repository: null, principal: null }]);
});

test("a day ends at midnight in UTC", async () => {
  for (const atMs of [NOW_MS, NOW_MS + 120_000]) {
    clock.atMs = atMs;
    const meter = openMeter();
    meter.note({ repository: "app", principal: "", ...nothing, pulls: 1 });
    await meter.stop();
  }
  expect(await usage(["day"])).toMatchObject([
    { day: "2026-11-21", pulls: 1 },
    { day: "2026-11-22", pulls: 1 },
  ]);
});

test("a node has what is below it, and not what begins like it", async () => {
  const meter = openMeter();
  for (const repository of ["team", "team/app", "team-b/app", "teams"])
    meter.note({ repository, principal: "", ...nothing, sentBytes: 1 });
  await meter.stop();
  expect(await usage(["repository"], "team")).toMatchObject([{ repository: "team" }, { repository: "team/app" }]);
  expect(await usage(["repository"])).toHaveLength(4);
});

test("what could not be put on record is put there later, once", async () => {
  let isAway = true;
  const away: MetadataDatabase = {
    reads: metadata.reads,
    hot: metadata.hot,
    transaction: (work, options) => (isAway ? Promise.reject(new Error("away")) : metadata.transaction(work, options)),
    check: () => metadata.check(),
    close: () => metadata.close(),
  };
  const meter = openMeter(away);
  meter.note({ repository: "app", principal: "", ...nothing, pulls: 1, pulledReference: "1.0" });
  await meter.stop().catch(() => undefined);
  meter.note({ repository: "app", principal: "", ...nothing, pulls: 1, pulledReference: "1.0" });
  meter.note({ repository: "other", principal: "", ...nothing, pulls: 1 });
  isAway = false;
  await meter.stop();
  await meter.stop();
  expect(await usage(["repository"])).toMatchObject([
    { repository: "app", pulls: 2 },
    { repository: "other", pulls: 1 },
  ]);
});
