import { afterEach, beforeEach, expect, test } from "bun:test";
import { getJobStanding } from "../../../src/jobs/index.ts";
import { type JobSite, NOON, openSite, turnOf, untilState } from "./job-site.ts";

let site: JobSite;
beforeEach(async () => {
  site = await openSite();
});
afterEach(async () => {
  await site.runner.stop();
  await site.metadata.close();
});

const standing = () => getJobStanding(site.metadata, site.clock.atMs);
const open = (state: string, value: number) => ({ labels: { kind: "count", state }, value });

test("what is open is counted, and how long nobody has begun one", async () => {
  expect(await standing()).toEqual({ open: [], oldestWaitMs: 0, successesMs: [] });
  for (let i = 0; i < 6; i++) await site.add();
  await site.look();
  site.clock.atMs += 5000;
  expect(await standing()).toMatchObject({ open: [open("running", 4), open("waiting", 2)], oldestWaitMs: 5000 });
});

test("one that waits to be tried again is not late", async () => {
  const id = await site.add();
  await site.look();
  turnOf(site, id).reject(new Error("no"));
  await untilState(site, id, "waiting");
  site.clock.atMs += 4000;
  expect(await standing()).toMatchObject({ open: [open("waiting", 1)], oldestWaitMs: 0 });
});

test("when a kind came to a good end is known for longer than its jobs", async () => {
  const id = await site.add();
  await site.look();
  turnOf(site, id).resolve();
  await untilState(site, id, "succeeded");
  site.clock.atMs += 10 * 86_400_000;
  await site.look();
  expect(await site.jobs()).toEqual([]);
  expect((await standing()).successesMs).toEqual([{ labels: { kind: "count" }, value: NOON }]);
});
