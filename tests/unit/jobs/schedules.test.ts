import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { findJobTimes, type JobSchedule } from "../../../src/jobs/index.ts";
import { findJobPlan, type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { CronTimes } from "../../../src/runtime/index.ts";
import { until } from "../../support/until.ts";
import { COUNTING, type JobSite, NOON, openSite, turnOf, untilState } from "./job-site.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const hourly: JobSchedule = { everyMs: HOUR };
const nightly: JobSchedule = { times: new CronTimes("0 3 * * *") };
/** The first one behind noon of the first day. */
const NIGHT = NOON + 15 * HOUR;

let metadata: MetadataDatabase;
let clock: { atMs: number };
let sites: JobSite[];
beforeEach(async () => {
  metadata = await openSqlite(":memory:");
  clock = { atMs: NOON };
  sites = [];
});
afterEach(async () => {
  for (const site of sites) await site.runner.stop();
  await metadata.close();
});

/** A process that has just started. */
async function start(schedule?: JobSchedule, isUneventful?: (result: unknown) => boolean): Promise<JobSite> {
  const kind = { ...COUNTING, openKey: () => "" };
  const site = await openSite({
    metadata,
    clock,
    kind,
    historyMs: 1000 * DAY,
    ...(schedule && { schedule }),
    ...(isUneventful && { isUneventful }),
  });
  sites.push(site);
  await site.look();
  return site;
}

async function lookAt(site: JobSite, atMs: number): Promise<void> {
  clock.atMs = atMs;
  await site.look();
}

/** Does the job that runs. @returns its number */
async function finish(site: JobSite, result?: unknown): Promise<number> {
  const [id = 0] = site.turns.keys();
  turnOf(site, id).resolve(result);
  await untilState(site, id, "succeeded");
  return id;
}

const made = async (site: JobSite) => (await site.jobs()).length;
const dueAtMs = async () => (await findJobPlan(metadata.reads, "count"))?.dueAtMs;

describe("by an interval", () => {
  test("the next one comes so long after the end of the last", async () => {
    const site = await start(hourly);
    // Random is 0 here: the first comes at once.
    expect(await made(site)).toBe(1);
    clock.atMs += 10 * HOUR;
    await site.look();
    expect(await made(site)).toBe(1);
    await finish(site);
    await lookAt(site, NOON + 11 * HOUR - 1);
    expect(await made(site)).toBe(1);
    await lookAt(site, NOON + 11 * HOUR);
    expect(await made(site)).toBe(2);
    expect((await site.jobs())[0]).toMatchObject({ requestedBy: null, input: '{"to":1}' });
  });

  test("one that somebody asked for counts", async () => {
    const site = await start(hourly);
    await finish(site);
    clock.atMs += HOUR / 2;
    await site.add();
    await site.look();
    await finish(site);
    await lookAt(site, NOON + HOUR);
    expect(await made(site)).toBe(2);
    expect(await dueAtMs()).toBe(NOON + 1.5 * HOUR);
  });

  test("of those without an event the last is remembered, and all that somebody asked for, broke off or had one", async () => {
    const site = await start(hourly, (result) => result === "nothing");
    const ended = [await finish(site, "nothing")];
    const next = async (result: string) => {
      await lookAt(site, clock.atMs + HOUR);
      ended.push(await finish(site, result));
    };
    for (const result of ["nothing", "much", "nothing"]) await next(result);
    await site.add();
    await site.look();
    ended.push(await finish(site, "nothing"));
    await lookAt(site, clock.atMs + HOUR);
    const [broken = 0] = site.turns.keys();
    turnOf(site, broken).reject(new Error("broken"));
    await untilState(site, broken, "waiting");
    await next("nothing");
    const kept = async () => (await site.jobs()).map(({ id }) => ended.indexOf(id));
    expect(await kept()).toEqual([5, 4, 3, 2]);
    await next("nothing");
    expect(await kept()).toEqual([6, 5, 4, 2]);
  });

  test("nothing is made when there is nothing to do, and it is asked again an interval later", async () => {
    const asked: number[] = [];
    const isDue = (_: unknown, nowMs: number) => Promise.resolve(asked.push(nowMs) > 1);
    const site = await start({ everyMs: HOUR, isDue });
    expect(await made(site)).toBe(0);
    await lookAt(site, NOON + HOUR);
    expect(asked).toEqual([NOON, NOON + HOUR]);
    expect(await made(site)).toBe(1);
  });

  test("it is asked more often where that is wanted", async () => {
    const asked: number[] = [];
    const isDue = (_: unknown, nowMs: number) => Promise.resolve(asked.push(nowMs) > 2);
    const site = await start({ everyMs: DAY, askEveryMs: HOUR, isDue });
    await lookAt(site, NOON + HOUR);
    await lookAt(site, NOON + 2 * HOUR);
    expect([asked.length, await made(site)]).toEqual([3, 1]);
    expect(await findJobTimes(metadata.reads, { kind: COUNTING, refusal: undefined })).toEqual({
      everyMs: DAY,
      dueAtMs: NOON + 3 * HOUR,
    });
  });
});

describe("by the time of day", () => {
  test("each comes at its time", async () => {
    const site = await start(nightly);
    await lookAt(site, NIGHT - 1);
    expect(await made(site)).toBe(0);
    await lookAt(site, NIGHT);
    expect(await made(site)).toBe(1);
    await finish(site);
    await lookAt(site, NIGHT + DAY - 1);
    expect(await made(site)).toBe(1);
    await lookAt(site, NIGHT + DAY);
    expect(await made(site)).toBe(2);
  });

  test("one that is still open stands for the next", async () => {
    const site = await start(nightly);
    await lookAt(site, NIGHT);
    for (let day = 1; day <= 3; day++) await lookAt(site, NIGHT + day * DAY);
    expect(await made(site)).toBe(1);
    await finish(site);
    await site.look();
    expect(await made(site)).toBe(1);
  });
});

describe("over a restart", () => {
  test.each([
    ["an interval", hourly],
    ["a time of day", nightly],
  ])("what was missed by %s is made up for, once", async (_, schedule) => {
    const before = await start(schedule);
    if (before.turns.size > 0) await finish(before);
    const earlier = await made(before);
    await before.runner.stop();
    clock.atMs = NIGHT + 9.5 * DAY;
    const after = await start(schedule);
    expect(await made(after)).toBe(earlier + 1);
    await finish(after);
    await after.look();
    expect(await made(after)).toBe(earlier + 1);
    expect(await dueAtMs()).toBe("times" in schedule ? NIGHT + 10 * DAY : clock.atMs + HOUR);
  });

  test("what is not due yet is not begun", async () => {
    const before = await start(hourly);
    await finish(before);
    await before.runner.stop();
    clock.atMs += HOUR - 1;
    expect(await made(await start(hourly))).toBe(1);
  });

  test("another schedule holds from then on, and none is none", async () => {
    await start(nightly);
    expect(await dueAtMs()).toBe(NIGHT);
    await start({ times: new CronTimes("30 12 * * *") });
    expect(await dueAtMs()).toBe(NOON + HOUR / 2);
    await start();
    expect(await dueAtMs()).toBeNull();
  });
});

describe("when the clock is put", () => {
  test.each([
    ["an interval", hourly, HOUR],
    ["a time of day", nightly, 15 * HOUR],
  ])("back, what goes by %s does not wait until it is as late again", async (_, schedule, waitMs) => {
    const site = await start(schedule);
    if (site.turns.size > 0) await finish(site);
    await lookAt(site, NOON - 30 * DAY);
    expect(await dueAtMs()).toBe(NOON - 30 * DAY + waitMs);
  });

  test("forward, there is one more and not many", async () => {
    const site = await start(nightly);
    await lookAt(site, NOON + 400 * DAY);
    expect(await made(site)).toBe(1);
    expect(await dueAtMs()).toBe(NIGHT + 400 * DAY);
  });

  test("forward, a job that runs stays with who has it", async () => {
    const site = await start(hourly);
    await lookAt(site, NOON + 400 * DAY);
    const [id = 0] = site.turns.keys();
    expect(turnOf(site, id).signal.aborted).toBe(false);
    expect((await site.job(id)).attempts).toBe(1);
  });
});

test("however many processes look, one job is made", async () => {
  for (let i = 0; i < 5; i++) await start(nightly);
  clock.atMs = NIGHT;
  await Promise.all(sites.map((site) => site.look()));
  expect(await made(sites[0] as JobSite)).toBe(1);
  expect(sites.reduce((sum, { turns }) => sum + turns.size, 0)).toBe(1);
});

describe("at a stop", () => {
  /** Does nothing but that. */
  const atStop = (isDue: () => boolean, atStopMs = 2000): JobSchedule => ({
    everyMs: DAY,
    isDue: () => Promise.resolve(isDue()),
    atStopMs,
  });

  test("what is due is done, and nothing else", async () => {
    let isDue = false;
    const site = await start(atStop(() => isDue));
    await site.runner.stop();
    expect(await made(site)).toBe(0);
    isDue = true;
    const stopping = site.runner.stop();
    await until("it has begun", () => site.turns.size === 1);
    expect([...site.turns.values()][0]?.isLast).toBe(true);
    const id = await finish(site);
    await stopping;
    expect(await site.job(id)).toMatchObject({ state: "succeeded", attempts: 1 });
  });

  test("what takes longer waits for the next process", async () => {
    const site = await start(atStop(() => true, 50));
    const [id = 0] = site.turns.keys();
    await site.runner.stop();
    expect(await site.job(id)).toMatchObject({ state: "waiting", attempts: 0 });
  });

  test("what another process does is waited for, as it may not have seen all", async () => {
    let isDue = true;
    const schedule = atStop(() => isDue);
    const [one, two] = [await start(schedule), await start(schedule)];
    expect([one.turns.size, two.turns.size]).toEqual([1, 0]);
    const stopping = two.runner.stop();
    await finish(one);
    await until("it is done once more", () => two.turns.size === 1);
    isDue = false;
    await finish(two);
    await stopping;
  });

  test("nothing is done in maintenance", async () => {
    const kind = { ...COUNTING, openKey: () => "" };
    const site = await openSite({ metadata, clock, kind, schedule: atStop(() => true), isPaused: () => true });
    await site.runner.stop();
    expect(await made(site)).toBe(0);
  });
});
