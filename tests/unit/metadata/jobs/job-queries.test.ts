import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import {
  countOpenJobs,
  findDueJob,
  findNextDueMs,
  findOpenJob,
  insertJob,
  type MetadataDatabase,
  openSqlite,
  pruneJobs,
  type Queries,
} from "../../../../src/metadata/index.ts";
import { planOf } from "../../../support/plan-of.ts";

let metadata: MetadataDatabase;

beforeAll(async () => {
  metadata = await openSqlite(":memory:");
  const job = { kind: "gc", openKey: null, input: "{}", requestedBy: null };
  await metadata.transaction(async (queries) => {
    for (let nowMs = 1; nowMs <= 50; nowMs++) await insertJob(queries, { ...job, nowMs });
    await sql`update jobs set state = 'succeeded', due_at_ms = null, ended_at_ms = id where id <= 40`.execute(queries);
  });
});
afterAll(() => metadata.close());

const planOfJobs = async (ask: (queries: Queries) => Promise<unknown>) =>
  (await planOf(metadata, ask)).filter((detail) => /\bjobs\b/.test(detail));

describe("however many jobs have ended, none of them is looked at", () => {
  test.each([
    ["to see when something is due", (queries: Queries) => findNextDueMs(queries, ["gc", "scrub"], ["gc"]), "jobs_due"],
    ["to find what to begin", (queries: Queries) => findDueJob(queries, ["gc", "scrub"], 45), "jobs_due"],
    ["to see whether one is open", (queries: Queries) => findOpenJob(queries, "gc", ""), "jobs_open"],
    ["to count what is open", (queries: Queries) => countOpenJobs(queries), "jobs_due"],
  ] as const)("%s", async (_, ask, index) => {
    const plan = await planOfJobs(ask);
    expect(plan).not.toEqual([]);
    for (const detail of plan) expect(detail).toMatch(new RegExp(`INDEX ${index}\\b`));
  });

  test("but to forget the oldest, which an index has in front", async () => {
    const plan = await planOfJobs((queries) => pruneJobs(queries, 20, 5));
    expect(plan.some((detail) => detail.includes("INDEX jobs_ended"))).toBe(true);
    expect(plan.filter((detail) => detail.startsWith("SCAN jobs"))).toEqual([]);
  });
});

test("the next moment is that of an open job or of a plan, of kinds that are asked about", async () => {
  expect(await findNextDueMs(metadata.reads, ["gc"], [])).toBe(41);
  expect(await findNextDueMs(metadata.reads, [], [])).toBeUndefined();
  expect(await findNextDueMs(metadata.reads, ["scrub"], ["gc"])).toBeUndefined();
});
