import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { claimJob, endJob, putJobPlan } from "../../../../src/metadata/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";
import { type ApiUnderTest, openApi } from "../../http/api/api-under-test.ts";
import { run } from "./berth-at.ts";

let api: ApiUnderTest;
let server: ReturnType<ApiUnderTest["serve"]>;
let env: Readonly<Record<string, string>>;
const folder = makeTemporaryFolder("cli-jobs");

beforeAll(async () => {
  api = await openApi();
  server = api.serve();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
  });
  env = { HOME: folder, BERTH_SERVER: server.url, BERTH_USERNAME: "root", BERTH_PASSWORD: "secret" };
});
afterAll(async () => {
  await server.stop();
  await api.close();
  removeTemporaryFolder(folder);
});

const berth = (...args: readonly string[]) => run(["job", ...args], { env });

/** Runs `berth job run gc`, which is to wait, and ends the job that it makes. */
async function runAndEnd(ending: { readonly state: "succeeded" | "failed" | "cancelled"; readonly problem?: string }) {
  const before = api.looks();
  const ran = berth("run", "gc", "--wait");
  await until("it is asked for", () => api.looks() > before);
  const id = ((await api.ask("root", "GET /jobs?limit=1")).json.items[0] as { readonly id: number }).id;
  const nowMs = api.clock.atMs;
  await api.metadata.transaction(async (queries) => {
    await claimJob(queries, { id, fence: 1, nowMs, leaseUntilMs: nowMs + 30_000 });
    await endJob(queries, { id, fence: 1, nowMs, result: '{"blobs":2}', ...ending });
  });
  return { ...(await ran), id };
}

test("what can be started is listed, with how it comes by itself", async () => {
  const plan = { kind: "gc", schedule: "every 5400000 ms", intervalMs: 5_400_000, dueAtMs: api.clock.atMs };
  await api.metadata.transaction((queries) => putJobPlan(queries, plan));
  const { stdout, exitCode } = await berth("kinds");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /gc +Removes\. +every 90 min +2026-01-01T00:00:00.000Z +windowSeconds +-\nfrozen +Nothing\. +- +- +windowSeconds +the registry is in read-only mode\n$/,
  );
});

describe("a job", () => {
  test("is started with its input, shown, listed and cancelled", async () => {
    const started = await berth("run", "gc", "--input", '{"windowSeconds":5}');
    expect(started.stdout).toMatch(/^Job \d+ begins soon\. To see it: .*berth job follow \d+\n$/);
    const id = /\d+/.exec(started.stdout)?.[0] ?? "";
    expect((await berth("show", id)).stdout).toMatch(/^input +\{"windowSeconds":5\}$/m);
    expect((await berth("list", "--state", "waiting")).stdout).toMatch(new RegExp(`^${id} +gc +waiting +- +root`, "m"));
    expect(await berth("run", "gc")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("waits already") });
    expect((await berth("cancel", id)).stdout).toBe(`Cancelled job ${id}.\n`);
    expect((await berth("list", "--state", "waiting")).stdout).toBe("There are none.\n");
    expect(await berth("cancel", id)).toMatchObject({
      exitCode: 1,
      stderr: `job ${id} has ended already: cancelled\n`,
    });
  });

  test.each([
    ["succeeded", 0, "is done: blobs 2."],
    ["failed", 1, "has failed: the disk is full."],
    ["cancelled", 75, "was cancelled."],
  ] as const)("that is waited for and %s ends with %d", async (state, exitCode, said) => {
    const { id, ...ran } = await runAndEnd({ state, problem: "the disk is full" });
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stdout + ran.stderr).toBe(`Job ${id} (gc) ${said}\n`);
    expect((await berth("follow", String(id))).exitCode).toBe(exitCode);
  });

  test("is JSON for scripts, also when it failed", async () => {
    const { id } = await runAndEnd({ state: "failed", problem: "no" });
    const { stdout, exitCode } = await berth("follow", String(id), "--json");
    expect({ ...(JSON.parse(stdout) as object), exitCode }).toMatchObject({
      id,
      state: "failed",
      problem: "no",
      exitCode: 1,
    });
  });
});

test.each([
  [["run", "backup"], 64, 'there is no kind of job "backup"'],
  [["run", "frozen"], 1, "read-only mode"],
  [["run", "gc", "--input", "{"], 64, "It is no JSON."],
  [["run", "gc", "--input", '{"window":1}'], 64, "body.input.window"],
  [["show", "999"], 66, "there is no job 999"],
  [["list", "--state", "done"], 64, "query.state"],
  [["list", "--limit", "0"], 64, "It is a number from 1 to 1000."],
])("%p ends with %d", async (args, exitCode, said) =>
  expect(await berth(...args)).toMatchObject({ exitCode, stderr: expect.stringContaining(said) }),
);
