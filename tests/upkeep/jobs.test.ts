import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { ApiJob } from "../../src/http/index.ts";
import { findJob, openSqliteForReading } from "../../src/metadata/index.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { MetricsText } from "../operations/support/metrics-text.ts";

setDefaultTimeout(60_000);

const PASSWORD = "correct horse battery";
const root = { authorization: `Basic ${btoa(`root:${PASSWORD}`)}` };

let berth: RunningRegistry;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const storage = { maintenance: { gc: { schedule: "0 3 * * *" } } };
  berth = await startBerth({ config: { auth: { accounts: {} }, http: { metrics: { enabled: true } }, storage } });
  env = {
    HOME: makeTemporaryFolder("home"),
    BERTH_SERVER: berth.url,
    BERTH_USERNAME: "root",
    BERTH_PASSWORD: PASSWORD,
  };
  const local = ["--local", berth.configFile];
  await runBerth(["user", "create", "root", "--system-role", "administrator", "--generate", ...local]);
  const reset = await runBerth(["user", "reset-password", "root", "--generate", "--json", ...local]);
  const { password } = JSON.parse(reset.stdout) as { readonly password: string };
  const first = new HttpClient(berth.url, { authorization: `Basic ${btoa(`root:${password}`)}` });
  const body = JSON.stringify({ oldPassword: password, newPassword: PASSWORD });
  const changed = await first.put("/api/v1/me/password", { headers: { "content-type": "application/json" }, body });
  expect(changed.status).toBe(204);
});
afterAll(() => berth.stop());

const job = (...args: readonly string[]) => runBerth(["job", ...args], { env });

async function jobs(query = ""): Promise<readonly ApiJob[]> {
  const { text } = await new HttpClient(berth.url, root).get(`/api/v1/jobs${query}`);
  return (JSON.parse(text) as { readonly items: readonly ApiJob[] }).items;
}

async function metric(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> {
  const { text } = await new HttpClient(berth.url, root).get("/metrics");
  return new MetricsText(text).find(name, labels);
}

describe("berth job run --wait", () => {
  test("starts clean-up in the registry that serves, and tells when it is done", async () => {
    const ran = await job("run", "gc", "--wait");
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Job \d+ \(gc\) is done: /) });
    const [last] = await jobs("?kind=gc&limit=1");
    expect(last).toMatchObject({ state: "succeeded", requestedBy: "root", attempts: 1 });
    expect(await metric("berth_jobs_ended_total", { kind: "gc", outcome: "succeeded" })).toBe(1);
    expect(await metric("berth_job_succeeded_timestamp_seconds", { kind: "gc" })).toBeGreaterThan(1.7e9);
  });

  test("with --local does so, too: who serves finds what is in its database", async () => {
    const ran = await runBerth(["job", "run", "gc", "--wait", "--local", berth.configFile]);
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("is done") });
    expect((await jobs("?kind=gc&limit=1"))[0]?.requestedBy).toStartWith("local:");
  });
});

test("a job that runs is seen, counted and cancelled", async () => {
  await pushBlob(new HttpClient(berth.url, root), "app", contentOf("slow ".repeat(600_000)));
  expect((await job("run", "scrub", "--input", '{"bytesPerSecond":4000}')).exitCode).toBe(0);
  const running = async () => (await jobs("?state=running"))[0];
  await until("it says how far it is", async () => (await running())?.progress?.unit === "byte");
  const id = (await running())?.id ?? 0;
  expect((await job("list")).stdout).toMatch(new RegExp(`^${id} +scrub +running +0 %, .+ of 2\\.9 MiB +root`, "m"));
  expect(await metric("berth_jobs_open", { kind: "scrub", state: "running" })).toBe(1);
  expect(await job("run", "scrub")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("runs already") });
  const following = job("follow", String(id));
  expect((await job("cancel", String(id))).stdout).toBe(`Job ${id} is told to end.\n`);
  expect(await following).toMatchObject({
    exitCode: 75,
    stderr: expect.stringContaining(`Job ${id} (scrub) was cancelled.`),
  });
  expect(await metric("berth_jobs_open", { kind: "scrub", state: "running" })).toBeUndefined();
  const acts = await runBerth(["audit", "list", "--json", "--act", "job.cancel"], { env });
  expect(acts.stdout).toContain(`"target":"scrub"`);
});

test("what a stop interrupts goes on after the next start", async () => {
  const config = { storage: { maintenance: { gc: { enabled: false } } } };
  const dataDirectory = makeTemporaryFolder("data");
  const before = await startBerth({ config, dataDirectory });
  await pushBlob(new HttpClient(before.url), "app", contentOf("slow ".repeat(60_000)));
  const local = (registry: RunningRegistry, ...args: readonly string[]) =>
    runBerth(["job", ...args, "--local", registry.configFile, "--json"]);
  await local(before, "run", "scrub", "--input", '{"bytesPerSecond":100000}');
  const state = async (registry: RunningRegistry) =>
    (JSON.parse((await local(registry, "show", "1")).stdout) as ApiJob).state;
  await until("it runs", async () => (await state(before)) === "running");
  await before.stop();
  const left = await openSqliteForReading(join(dataDirectory, "berth/berth.db"));
  expect(await findJob(left.reads, 1)).toMatchObject({ state: "waiting", attempts: 0 });
  await left.close();
  const after = await startBerth({ config, dataDirectory });
  const followed = await local(after, "follow", "1");
  expect({ ...followed, job: JSON.parse(followed.stdout) as ApiJob }).toMatchObject({
    exitCode: 0,
    job: { state: "succeeded", attempts: 1, result: { blobs: 1 } },
  });
  await after.stop();
});

test("of several processes whichever is free does a job, once, and all of them count as one", async () => {
  const debugPort = takeFreePort();
  const debug = { addr: `127.0.0.1:${debugPort}`, prometheus: { enabled: true } };
  const config = { http: { processes: 3, debug }, storage: { maintenance: { gc: { enabled: false } } } };
  const several = await startBerth({ config });
  await until("all processes serve", () => several.logs().includes("several processes serve"));
  const local = ["--local", several.configFile];
  for (let run = 1; run <= 3; run++)
    expect((await runBerth(["job", "run", "gc", "--wait", ...local])).stdout).toStartWith(`Job ${run} (gc) is done`);
  const { text } = await new HttpClient(`http://127.0.0.1:${debugPort}`).get("/metrics");
  const metrics = new MetricsText(text);
  expect(metrics.find("berth_jobs_ended_total", { kind: "gc", outcome: "succeeded" })).toBe(3);
  expect(metrics.find("berth_jobs_oldest_wait_seconds")).toBe(0);
  const listed = await runBerth(["job", "list", "--json", ...local]);
  const attempts = (JSON.parse(listed.stdout) as readonly ApiJob[]).map((each) => each.attempts);
  expect(attempts).toEqual([1, 1, 1]);
  await several.stop();
});

test("in read-only mode nothing runs, and what is asked for is refused with the reason", async () => {
  const frozen = await startBerth({ config: { storage: { maintenance: { readonly: { enabled: true } } } } });
  const refused = await runBerth(["job", "run", "gc", "--local", frozen.configFile]);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("read-only mode") });
  await frozen.stop();
});
