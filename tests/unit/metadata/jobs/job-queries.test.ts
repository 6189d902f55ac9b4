import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryId, type RootOperationNode, sql } from "kysely";
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

/** How the database finds what a query asks for, of each of its parts. */
async function planOf(ask: (queries: Queries) => Promise<unknown>): Promise<readonly string[]> {
  const nodes: RootOperationNode[] = [];
  const noting = metadata.reads.withPlugin({
    transformQuery({ node }) {
      nodes.push(node);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  const rowsOf = () => Promise.reject(new Error("a query that stays compiled passes no plugin"));
  await ask(Object.assign(noting, { rowsOf }));
  const [node] = nodes;
  if (!node) throw new Error("nothing was asked");
  const compiled = metadata.reads.getExecutor().compileQuery(node, createQueryId());
  const explain = { ...compiled, sql: `explain query plan ${compiled.sql}` };
  const { rows } = await metadata.reads.executeQuery<{ readonly detail: string }>(explain);
  return rows.map(({ detail }) => detail).filter((detail) => /\bjobs\b/.test(detail));
}

describe("however many jobs have ended, none of them is looked at", () => {
  test.each([
    ["to see when something is due", (queries: Queries) => findNextDueMs(queries, ["gc", "scrub"], ["gc"]), "jobs_due"],
    ["to find what to begin", (queries: Queries) => findDueJob(queries, ["gc", "scrub"], 45), "jobs_due"],
    ["to see whether one is open", (queries: Queries) => findOpenJob(queries, "gc", ""), "jobs_open"],
    ["to count what is open", (queries: Queries) => countOpenJobs(queries), "jobs_due"],
  ] as const)("%s", async (_, ask, index) => {
    const plan = await planOf(ask);
    expect(plan).not.toEqual([]);
    for (const detail of plan) expect(detail).toMatch(new RegExp(`INDEX ${index}\\b`));
  });

  test("but to forget the oldest, which an index has in front", async () => {
    const plan = await planOf((queries) => pruneJobs(queries, 20, 5));
    expect(plan.some((detail) => detail.includes("INDEX jobs_ended"))).toBe(true);
    expect(plan.filter((detail) => detail.startsWith("SCAN jobs"))).toEqual([]);
  });
});

test("the next moment is that of an open job or of a plan, of kinds that are asked about", async () => {
  expect(await findNextDueMs(metadata.reads, ["gc"], [])).toBe(41);
  expect(await findNextDueMs(metadata.reads, [], [])).toBeUndefined();
  expect(await findNextDueMs(metadata.reads, ["scrub"], ["gc"])).toBeUndefined();
});
