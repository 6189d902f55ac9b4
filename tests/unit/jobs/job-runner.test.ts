import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { type JobKind, JobPostponed } from "../../../src/jobs/index.ts";
import { cancelJob } from "../../../src/metadata/index.ts";
import { COUNTING, type JobSite, NOON, openSite, turnOf, untilState } from "./job-site.ts";

let site: JobSite;
beforeEach(async () => {
  site = await openSite();
});
afterEach(async () => {
  await site.runner.stop();
  await site.metadata.close();
});

const outcomes = ({ counts }: JobSite) =>
  Object.fromEntries(counts.list().map(({ labels, value }) => [labels["outcome"], value]));
const told = (text: string) => site.lines.filter((line) => line.includes(text)).length;
const cancel = (id: number) => site.metadata.transaction((queries) => cancelJob(queries, id, site.clock.atMs));

/** Another process on the same database, with the same clock. */
const openOther = () => openSite({ metadata: site.metadata, clock: site.clock });

describe("a job", () => {
  test("is done with its input, and its result is kept", async () => {
    const id = await site.add({ to: 3 });
    expect(await site.job(id)).toMatchObject({ state: "waiting", requestedBy: "anna", attempts: 0, dueAtMs: NOON });
    await site.look();
    expect(await site.job(id)).toMatchObject({
      state: "running",
      attempts: 1,
      startedAtMs: NOON,
      dueAtMs: NOON + 30_000,
    });
    expect(turnOf(site, id).input).toEqual({ to: 3 });
    site.clock.atMs += 10;
    turnOf(site, id).resolve({ counted: 3 });
    await untilState(site, id, "succeeded");
    const { result, endedAtMs, dueAtMs } = await site.job(id);
    expect({ result, endedAtMs, dueAtMs }).toEqual({ result: '{"counted":3}', endedAtMs: NOON + 10, dueAtMs: null });
    expect(outcomes(site)).toEqual({ succeeded: 1 });
  });

  test("begins in the order in which it was asked for, four at once", async () => {
    const ids: number[] = [];
    for (let i = 0; i < 6; i++) ids.push(await site.add());
    await site.look();
    expect([...site.turns.keys()]).toEqual(ids.slice(0, 4));
    await site.look();
    expect(site.turns.size).toBe(4);
    turnOf(site, ids[1] ?? 0).resolve();
    await untilState(site, ids[1] ?? 0, "succeeded");
    await site.look();
    expect([...site.turns.keys()].toSorted((a, b) => a - b)).toEqual([ids[0], ids[2], ids[3], ids[4]].map(Number));
  });

  test("whose input no version of it here understands has failed after its attempts", async () => {
    const id = await site.add({ to: "many" as unknown as number });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await site.look();
      await untilState(site, id, attempt < 3 ? "waiting" : "failed");
      site.clock.atMs += 60_000;
    }
    expect((await site.job(id)).problem).toContain("expected number");
  });

  test("of a kind that is not done here is left to others", async () => {
    const other = await openSite({ metadata: site.metadata, works: [] });
    const id = await site.add();
    await other.look();
    expect((await site.job(id)).state).toBe("waiting");
  });

  test("of a key that is open is not made twice", async () => {
    const kind: JobKind<{ readonly to: number }> = { ...COUNTING, openKey: ({ to }) => String(to) };
    const keyed = await openSite({ metadata: site.metadata, kind });
    const first = await keyed.add({ to: 1 });
    expect(await keyed.add({ to: 1 })).toBe(first);
    expect(await keyed.add({ to: 2 })).not.toBe(first);
    await keyed.look();
    expect(await keyed.add({ to: 1 })).toBe(first);
    turnOf(keyed, first).resolve();
    await untilState(keyed, first, "succeeded");
    expect(await keyed.add({ to: 1 })).not.toBe(first);
    await keyed.runner.stop();
  });
});

describe("what does not succeed", () => {
  test("is tried again, later each time, and has failed after so many attempts", async () => {
    const id = await site.add();
    for (const waitMs of [5000, 10_000]) {
      await site.look();
      turnOf(site, id).reject(new Error("the disk is full"));
      await untilState(site, id, "waiting");
      expect(await site.job(id)).toMatchObject({ problem: "the disk is full", dueAtMs: site.clock.atMs + waitMs });
      site.clock.atMs += waitMs - 1;
      await site.look();
      expect(site.turns.size).toBe(0);
      site.clock.atMs += 1;
    }
    await site.look();
    turnOf(site, id).reject(new Error("the disk is still full"));
    await untilState(site, id, "failed");
    expect(await site.job(id)).toMatchObject({ attempts: 3, problem: "the disk is still full", dueAtMs: null });
    expect(outcomes(site)).toEqual({ retried: 2, failed: 1 });
    expect(told("level=error")).toBe(1);
  });

  test("begins again with the progress that it had", async () => {
    const id = await site.add();
    await site.look();
    expect(turnOf(site, id).progress).toBeUndefined();
    const progress = { done: 5, total: 10, unit: "blob", detail: { after: "sha256:05" } };
    turnOf(site, id).report(progress);
    turnOf(site, id).reject(new Error("no"));
    await untilState(site, id, "waiting");
    site.clock.atMs += 60_000;
    await site.look();
    expect(turnOf(site, id).progress).toEqual(progress);
  });

  test("because it cannot be done now waits, is told of once, and has not failed for it", async () => {
    const id = await site.add();
    for (let i = 0; i < 5; i++) {
      await site.look();
      turnOf(site, id).reject(new JobPostponed("another one runs", 60_000));
      await untilState(site, id, "waiting");
      site.clock.atMs += 60_000;
    }
    expect(await site.job(id)).toMatchObject({ attempts: 0, problem: "another one runs" });
    expect(told("level=info")).toBe(1);
    expect(outcomes(site)).toEqual({});
    await site.look();
    turnOf(site, id).resolve();
    await untilState(site, id, "succeeded");
    expect((await site.job(id)).problem).toBeNull();
  });
});

describe("progress", () => {
  test("is saved now and then, with the lease", async () => {
    const id = await site.add();
    await site.look();
    turnOf(site, id).report({ done: 1, total: null, unit: "blob" });
    site.clock.atMs += 1000;
    await site.look();
    expect((await site.job(id)).progress).toBeNull();
    site.clock.atMs += 1000;
    await site.look();
    const { progress, dueAtMs } = await site.job(id);
    expect({ progress, dueAtMs }).toEqual({
      progress: '{"done":1,"total":null,"unit":"blob"}',
      dueAtMs: NOON + 32_000,
    });
  });

  test("that does not change costs a renewal in five seconds", async () => {
    const id = await site.add();
    await site.look();
    site.clock.atMs += 4999;
    await site.look();
    expect((await site.job(id)).dueAtMs).toBe(NOON + 30_000);
    site.clock.atMs += 1;
    await site.look();
    expect((await site.job(id)).dueAtMs).toBe(NOON + 35_000);
  });
});

describe("a job whose process is gone", () => {
  /** Its process looks no more. */
  async function abandon(): Promise<{ readonly id: number; readonly other: JobSite }> {
    const id = await site.add();
    await site.look();
    turnOf(site, id).report({ done: 7, total: 10, unit: "blob" });
    site.clock.atMs += 2000;
    await site.look();
    return { id, other: await openOther() };
  }

  test("is another's once the lease is over, with its progress", async () => {
    const { id, other } = await abandon();
    site.clock.atMs += 29_999;
    await other.look();
    expect(other.turns.size).toBe(0);
    site.clock.atMs += 1;
    await other.look();
    expect(turnOf(other, id).progress).toEqual({ done: 7, total: 10, unit: "blob" });
    expect((await site.job(id)).attempts).toBe(2);
    expect(other.lines.join("")).toContain("it goes on here");
    await other.runner.stop();
  });

  test("cannot be ended, moved on or given back by who lost it", async () => {
    const { id, other } = await abandon();
    site.clock.atMs += 30_000;
    await other.look();
    const lost = turnOf(site, id);
    lost.resolve("too late");
    await site.look();
    expect(await site.job(id)).toMatchObject({ state: "running", result: null, attempts: 2 });
    expect(told("what that does counts")).toBe(1);
    turnOf(other, id).resolve("done");
    await untilState(other, id, "succeeded");
    expect((await site.job(id)).result).toBe('"done"');
    expect({ here: outcomes(site), there: outcomes(other) }).toEqual({ here: {}, there: { succeeded: 1 } });
  });

  test("is interrupted where it was as soon as that is heard of", async () => {
    const { id, other } = await abandon();
    site.clock.atMs += 30_000;
    await other.look();
    const { signal } = turnOf(site, id);
    await site.look();
    expect(signal.aborted).toBe(true);
    expect((await site.job(id)).state).toBe("running");
    expect(told("taken over by another process")).toBe(1);
    await other.runner.stop();
  });

  test("has failed when that happened as often as it may be begun", async () => {
    const id = await site.add();
    const others: JobSite[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      const other = await openOther();
      await other.look();
      expect((await site.job(id)).attempts).toBe(attempt);
      others.push(other);
      site.clock.atMs += 30_000;
    }
    await site.look();
    expect(await site.job(id)).toMatchObject({ state: "failed", problem: "its process ended in the middle, 3 times" });
    for (const other of others) await other.runner.stop();
    expect((await site.job(id)).state).toBe("failed");
  });
});

describe("while jobs are paused", () => {
  test("what runs is given back, nothing is begun, and afterwards it goes on where it was", async () => {
    let isPaused = false;
    const paused = await openSite({ isPaused: () => isPaused });
    const id = await paused.add();
    await paused.look();
    turnOf(paused, id).report({ done: 1, total: 3, unit: "blob" });
    isPaused = true;
    await paused.look();
    await untilState(paused, id, "waiting");
    expect(await paused.job(id)).toMatchObject({ attempts: 0, progress: expect.stringContaining('"done":1') });
    await paused.look();
    expect((await paused.job(id)).state).toBe("waiting");
    expect(outcomes(paused)).toEqual({});
    isPaused = false;
    await paused.look();
    expect(turnOf(paused, id).progress).toMatchObject({ done: 1 });
    turnOf(paused, id).resolve("whole");
    await untilState(paused, id, "succeeded");
    await paused.runner.stop();
    await paused.metadata.close();
  });
});

describe("a job that is cancelled", () => {
  test("while it waits has ended", async () => {
    const id = await site.add();
    expect(await cancel(id)).toBe("cancelled");
    await site.look();
    expect(await site.job(id)).toMatchObject({ state: "cancelled", endedAtMs: NOON, attempts: 0 });
    expect(await cancel(id)).toBeUndefined();
  });

  test("while it runs is interrupted at the next renewal", async () => {
    const id = await site.add();
    await site.look();
    turnOf(site, id).report({ done: 1, total: null, unit: "blob" });
    expect(await cancel(id)).toBe("asked");
    await site.look();
    expect(turnOf(site, id).signal.aborted).toBe(false);
    site.clock.atMs += 5000;
    await site.look();
    await untilState(site, id, "cancelled");
    expect((await site.job(id)).progress).toContain('"done":1');
    expect(outcomes(site)).toEqual({ cancelled: 1 });
  });

  test("in the process that runs it is interrupted at once", async () => {
    const id = await site.add();
    site.runner.start();
    site.runner.lookNow();
    await untilState(site, id, "running");
    await site.metadata.transaction(async (queries) => {
      await cancelJob(queries, id, NOON);
      site.runner.lookNow();
    });
    await untilState(site, id, "cancelled");
  });

  test("and comes to its end all the same has succeeded", async () => {
    const id = await site.add();
    await site.look();
    const turn = turnOf(site, id);
    await cancel(id);
    turn.resolve("whole");
    await untilState(site, id, "succeeded");
  });

  test("and is given back before that was heard of has ended", async () => {
    const [stopped, broken] = [await site.add(), await site.add()];
    await site.look();
    for (const id of [stopped, broken]) await cancel(id);
    turnOf(site, broken).reject(new Error("the disk is full"));
    await untilState(site, broken, "cancelled");
    await site.runner.stop();
    expect((await site.job(stopped)).state).toBe("cancelled");
    expect(outcomes(site)).toEqual({ cancelled: 2 });
  });

  test("after its process died is not begun again", async () => {
    const id = await site.add();
    await site.look();
    await cancel(id);
    site.clock.atMs += 30_000;
    const other = await openOther();
    await other.look();
    expect((await site.job(id)).state).toBe("cancelled");
    expect(other.turns.size).toBe(0);
  });
});

describe("a process that stops", () => {
  test("gives its jobs back, with their progress, and they lose no attempt", async () => {
    const id = await site.add();
    await site.look();
    turnOf(site, id).report({ done: 4, total: 10, unit: "blob" });
    await site.runner.stop();
    expect(await site.job(id)).toMatchObject({ state: "waiting", attempts: 0, dueAtMs: NOON });
    const other = await openOther();
    await other.look();
    expect(turnOf(other, id).progress).toEqual({ done: 4, total: 10, unit: "blob" });
    await other.runner.stop();
  });
});

describe("the look for jobs", () => {
  test("is no transaction where there is nothing, and comes every two seconds", async () => {
    await site.look();
    const transactions = spyOn(site.metadata, "transaction");
    for (let i = 0; i < 5; i++) expect(await site.runner.look()).toBe(2000);
    expect(transactions).not.toHaveBeenCalled();
    await site.add();
    await site.look();
    expect(transactions.mock.calls.length).toBeGreaterThan(1);
  });

  test("comes when the next job is due, if that is sooner", async () => {
    const id = await site.add();
    await site.look();
    turnOf(site, id).reject(new Error("no"));
    await untilState(site, id, "waiting");
    site.clock.atMs += 4800;
    expect(await site.runner.look()).toBe(200);
  });
});

describe("what has ended", () => {
  test("is forgotten when it is old, and what is open is not", async () => {
    const [done, open] = [await site.add(), await site.add()];
    await site.look();
    turnOf(site, done).resolve();
    await untilState(site, done, "succeeded");
    site.clock.atMs += 86_400_000;
    await site.look();
    expect((await site.jobs()).map(({ id }) => id)).toEqual([open, done]);
    site.clock.atMs += 3_600_000;
    await site.look();
    expect((await site.jobs()).map(({ id }) => id)).toEqual([open]);
    expect(await site.add()).toBeGreaterThan(open);
  });
});

test("a clock that is put back keeps no claim from being renewed", async () => {
  const id = await site.add();
  await site.look();
  site.clock.atMs -= 3_600_000;
  await site.look();
  site.clock.atMs += 20_000;
  await site.look();
  expect((await site.job(id)).dueAtMs).toBe(site.clock.atMs + 30_000);
});

test("work whose claim cannot be renewed for as long as it holds is given up", async () => {
  const id = await site.add();
  await site.look();
  const { signal } = turnOf(site, id);
  const failing = spyOn(site.metadata, "transaction").mockRejectedValue(new Error("the disk is gone"));
  for (const elapsedMs of [20_000, 9999]) {
    site.clock.atMs += elapsedMs;
    await site.runner.look().catch(() => undefined);
    expect(signal.aborted).toBe(false);
  }
  site.clock.atMs += 1;
  await site.runner.look().catch(() => undefined);
  failing.mockRestore();
  expect(signal.aborted).toBe(true);
});

test("a clock that is put back keeps nothing waiting for longer than an hour", async () => {
  const [failing, running] = [await site.add(), await site.add()];
  await site.look();
  turnOf(site, failing).reject(new Error("no"));
  await untilState(site, failing, "waiting");
  site.clock.atMs -= 365 * 86_400_000;
  const other = await openOther();
  await other.look();
  const dueOf = async (id: number) => ((await site.job(id)).dueAtMs ?? 0) - site.clock.atMs;
  expect([await dueOf(failing), await dueOf(running)]).toEqual([3_600_000, 30_000]);
});
