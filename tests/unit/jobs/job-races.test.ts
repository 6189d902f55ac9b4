import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { defineWork, enqueueJob, JobCounts, type JobKind, JobRunner } from "../../../src/jobs/index.ts";
import { countOpenJobs, listJobs, type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { systemClock } from "../../../src/runtime/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { logTo } from "../http/health/log-to.ts";

const folder = makeTemporaryFolder("job-races");
afterAll(() => removeTemporaryFolder(folder));

const KIND: JobKind<{ readonly number: number }> = {
  name: "once",
  about: "is done once",
  input: z.strictObject({ number: z.int() }),
  maxAttempts: 1,
};

/** What a process of its own would be: its connections are. */
async function startProcess(path: string, done: number[]) {
  const metadata = await openSqlite(path);
  const work = defineWork({
    kind: KIND,
    async run({ input: { number } }: { readonly input: { readonly number: number } }) {
      done.push(number);
      await Bun.sleep(number % 3);
    },
  });
  const lines: string[] = [];
  const counts = new JobCounts();
  const parts = { metadata, clock: systemClock, log: logTo(lines), random: Math.random, counts };
  const runner = new JobRunner({ ...parts, works: [work], historyMs: 3_600_000 });
  runner.start();
  return { metadata, runner, lines, counts };
}

async function add({ metadata }: { readonly metadata: MetadataDatabase }, number: number): Promise<void> {
  await metadata.transaction((queries) => enqueueJob(queries, KIND, { input: { number }, nowMs: Date.now() }));
}

test("of three processes on one database each job is done by one, once", async () => {
  const done: number[] = [];
  const path = join(folder, "berth.db");
  const processes = [await startProcess(path, done), await startProcess(path, done), await startProcess(path, done)];
  const numbers = Array.from({ length: 90 }, (_, index) => index);
  await Promise.all(
    numbers.map(async (number) => {
      const here = processes[number % 3];
      if (!here) return;
      await add(here, number);
      for (const { runner } of processes) runner.lookNow();
    }),
  );
  const [first] = processes;
  await until("all are done", async () => {
    for (const { runner } of processes) runner.lookNow();
    return (await countOpenJobs(first?.metadata.reads as MetadataDatabase["reads"])).length === 0;
  });
  expect(done.toSorted((a, b) => a - b)).toEqual(numbers);
  const jobs = await listJobs(first?.metadata.reads as MetadataDatabase["reads"], { limit: 100 });
  expect(jobs.filter(({ state, attempts }) => state === "succeeded" && attempts === 1)).toHaveLength(90);
  for (const { runner, metadata } of processes) {
    await runner.stop();
    await metadata.close();
  }
  const shares = processes.map(({ counts }) => counts.list()[0]?.value ?? 0);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(90);
  expect(shares.filter((share) => share > 0).length).toBeGreaterThan(1);
});
