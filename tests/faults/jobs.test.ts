import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { JobCounts, JobRunner } from "../../src/jobs/index.ts";
import { findJob, openSqlite } from "../../src/metadata/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { logTo } from "../unit/http/health/log-to.ts";
import { countingWork } from "./support/job-process.ts";

setDefaultTimeout(60_000);

const folder = makeTemporaryFolder("jobs");
afterAll(() => removeTemporaryFolder(folder));

test("what a process was at that is killed goes on in another, where it was, once the lease is over", async () => {
  const path = join(folder, "berth.db");
  const program = join(import.meta.dir, "support/job-process.ts");
  const first = Bun.spawn([process.execPath, program, path], { stdout: "ignore", stderr: "inherit" });
  await until("there is a database", () => Bun.file(path).exists());
  await until("it answers to those who look", () => Bun.file(`${path}-wal`).exists());
  const metadata = await openSqlite(path);
  const job = async () => findJob(metadata.reads, 1);
  await until("it has saved how far it is", async () => ((await job())?.progress ?? "").includes('"done":'));
  first.kill("SIGKILL");
  await first.exited;
  const left = await job();
  expect(left).toMatchObject({ state: "running", attempts: 1 });
  const { done } = JSON.parse(left?.progress ?? "") as { readonly done: number };

  const said: string[] = [];
  const clock = { atMs: (left?.dueAtMs ?? 0) - 1 };
  const runner = new JobRunner({
    metadata,
    clock: { nowMs: () => clock.atMs },
    log: logTo([]),
    random: Math.random,
    counts: new JobCounts(),
    works: [countingWork((line) => void said.push(line))],
    historyMs: 3_600_000,
  });
  await runner.look();
  expect(said).toEqual([]);
  clock.atMs += 1;
  await runner.look();
  await until("it goes on", () => said.length > 0);
  expect(said).toEqual([`from ${done}`]);
  expect(done).toBeGreaterThan(0);
  expect(await job()).toMatchObject({ state: "running", attempts: 2 });
  await runner.stop();
  expect(await job()).toMatchObject({ state: "waiting", attempts: 1 });
  await metadata.close();
});
