import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AuditExporter } from "../../../../src/events/index.ts";
import { followTrail } from "../../../../src/events/audit/follow-trail.ts";
import { removeOldActs } from "../../../../src/events/audit/retention.ts";
import {
  findExportPosition,
  listActs,
  type MetadataDatabase,
  openSqlite,
  recordAct,
  verifyChain,
} from "../../../../src/metadata/index.ts";
import type { Schedule } from "../../../../src/runtime/index.ts";
import { until } from "../../../support/until.ts";
import { logTo } from "../../http/health/log-to.ts";

const pace = { everyMs: 1, firstRetryMs: 1, longestRetryMs: 4 };
const time = { atMs: 0 };
const clock = { nowMs: () => time.atMs };

let metadata: MetadataDatabase;
let lines: string[];
const running: Schedule[] = [];
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
  lines = [];
  time.atMs = 0;
});
afterEach(async () => {
  for (const schedule of running.splice(0)) await schedule.stop();
  await metadata.close();
});

const parts = () => ({ metadata, clock, log: logTo(lines) });

const record = (count: number, atMs = 0) =>
  metadata.transaction(async (queries) => {
    const from = { actor: "alice", address: undefined, requestId: undefined };
    for (let left = count; left > 0; left--)
      await recordAct(queries, { ...from, act: "sign-in", outcome: "success", atMs });
  });

/** Keeps what it is sent, unless it fails. */
class Inbox implements AuditExporter {
  readonly name = "inbox";
  readonly target = "tcp://inbox:1";
  readonly sequences: number[] = [];
  failures = 0;
  attempts = 0;
  isClosed = false;

  async send(records: Parameters<AuditExporter["send"]>[0]): Promise<void> {
    this.attempts++;
    if (this.failures-- > 0) throw new Error("the receiver is away");
    this.sequences.push(...records.map(({ sequence }) => sequence));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function follow(exporter: AuditExporter): Schedule {
  const schedule = followTrail({ ...parts(), pace }, exporter);
  running.push(schedule);
  return schedule;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test("all that is there is sent, in order, and then what comes", async () => {
  await record(450);
  const inbox = new Inbox();
  follow(inbox);
  await until("all are there", () => inbox.sequences.length === 450);
  await record(2);
  await until("the next are there", () => inbox.sequences.length === 452);
  expect(inbox.sequences).toEqual(upTo(452));
});

test("another start goes on where the last one was", async () => {
  await record(3);
  const first = new Inbox();
  const schedule = follow(first);
  await until("it is on record", async () => (await findExportPosition(metadata.reads, "inbox")) === 3);
  await schedule.stop();
  expect(first.isClosed).toBe(true);
  await record(2);
  const second = new Inbox();
  follow(second);
  await until("the rest is there", () => second.sequences.length === 2);
  expect(second.sequences).toEqual([4, 5]);
});

describe("a receiver that is away", () => {
  test("gets everything when it is back, and the log says so once", async () => {
    await record(3);
    const inbox = new Inbox();
    inbox.failures = 5;
    follow(inbox);
    await until("all are there", () => inbox.sequences.length > 0);
    expect(inbox.sequences).toEqual([1, 2, 3]);
    expect(inbox.attempts).toBe(6);
    expect(lines.filter((line) => line.includes("cannot be sent"))).toHaveLength(1);
    expect(lines.join("")).toContain("exporter=inbox");
    expect(lines.join("")).toContain("the receiver is away");
    expect(lines.filter((line) => line.includes("is sent again"))).toHaveLength(1);
  });

  test("does not hold up a stop", async () => {
    await record(1);
    const inbox = new Inbox();
    inbox.failures = Number.POSITIVE_INFINITY;
    const schedule = followTrail(
      { ...parts(), pace: { ...pace, firstRetryMs: 3_600_000, longestRetryMs: 3_600_000 } },
      inbox,
    );
    await until("it was tried", () => inbox.attempts === 1);
    await schedule.stop();
    expect(await findExportPosition(metadata.reads, "inbox")).toBe(0);
  });
});

describe("retention", () => {
  const left = async () =>
    (await listActs(metadata.reads, { afterSequence: 0, limit: 5000 })).map(({ sequence }) => sequence);

  test("removes what is old enough, and no more", async () => {
    await record(1200, 1000);
    await record(2, 5000);
    time.atMs = 6000;
    await removeOldActs(parts(), { retentionMs: 2000, exporters: [] });
    expect(await left()).toEqual([1201, 1202]);
    expect((await verifyChain(metadata.reads)).broken).toBeUndefined();
    expect(lines.join("")).toContain("removed=1200");
    await removeOldActs(parts(), { retentionMs: 2000, exporters: [] });
    expect(lines).toHaveLength(1);
  });

  test("keeps what was not sent yet", async () => {
    await record(3, 1000);
    time.atMs = 10_000;
    const retain = () => removeOldActs(parts(), { retentionMs: 1000, exporters: ["inbox", "other"] });
    await retain();
    expect(await left()).toEqual([1, 2, 3]);
    const inbox = new Inbox();
    follow(inbox);
    await until("it is on record", async () => (await findExportPosition(metadata.reads, "inbox")) === 3);
    await retain();
    expect(await left()).toEqual([1, 2, 3]);
    await removeOldActs(parts(), { retentionMs: 1000, exporters: ["inbox"] });
    expect(await left()).toEqual([]);
  });

  test("leaves a trail that is broken, and says so", async () => {
    await record(3, 1000);
    await metadata.transaction((queries) =>
      queries.updateTable("audit").set({ actor: "eve" }).where("sequence", "=", 2).execute(),
    );
    time.atMs = 10_000;
    await removeOldActs(parts(), { retentionMs: 1000, exporters: [] });
    expect(await left()).toEqual([2, 3]);
    expect(lines.join("")).toMatch(/level=error msg="the audit trail is broken.*sequence=2 reason=changed/);
  });
});
