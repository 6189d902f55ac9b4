import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { claimJob, endJob, putJobPlan, renewClaim } from "../../../../src/metadata/index.ts";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("auditor", { systemRole: "auditor" });
  });
});
afterEach(() => api.close());

const start = (body: object = { kind: "gc" }) => api.ask("root", "POST /jobs", { body });
const WAITING = {
  id: 1,
  kind: "gc",
  state: "waiting",
  input: {},
  requestedBy: "root",
  createdAt: "2026-01-01T00:00:00.000Z",
  dueAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  endedAt: null,
  attempts: 0,
  isCancelWanted: false,
  progress: null,
  result: null,
  problem: null,
};

/** As a process does that begins job 1. */
async function begin(): Promise<void> {
  const nowMs = api.clock.atMs;
  await api.metadata.transaction(async (queries) => {
    await claimJob(queries, { id: 1, fence: 1, nowMs, leaseUntilMs: nowMs + 30_000 });
    const progress = JSON.stringify({ done: 3, total: 4, unit: "candidate", detail: { blobs: 2 } });
    await renewClaim(queries, { id: 1, fence: 1, leaseUntilMs: nowMs + 30_000, progress });
  });
}

async function end(): Promise<void> {
  const ending = { id: 1, fence: 1, state: "succeeded", nowMs: api.clock.atMs, result: '{"blobs":2}' } as const;
  await api.metadata.transaction((queries) => endJob(queries, ending));
}

test("what can be asked for is listed with its input", async () => {
  const { json } = await api.ask("auditor", "GET /job-kinds");
  expect(json.items).toMatchObject([
    { kind: "gc", about: "Removes.", input: { properties: { windowSeconds: { type: "integer" } } }, refusal: null },
    { kind: "frozen", refusal: "the registry is in read-only mode" },
  ]);
});

test("with what can be asked for is said how it comes, and when next", async () => {
  const times = async () => {
    const { json } = await api.ask("auditor", "GET /job-kinds");
    const [gc] = json.items as readonly Record<string, unknown>[];
    return [gc?.["everySeconds"], gc?.["cron"], gc?.["dueAt"]];
  };
  const plan = (schedule: string | null, dueAtMs: number | null) =>
    api.metadata.transaction((queries) => putJobPlan(queries, { kind: "gc", schedule, intervalMs: null, dueAtMs }));
  const [dueAtMs, dueAt] = [api.clock.atMs, "2026-01-01T00:00:00.000Z"];
  expect(await times()).toEqual([null, null, null]);
  await plan("every 3600000 ms", dueAtMs);
  expect(await times()).toEqual([3600, null, dueAt]);
  await plan("at 0 3 * * sun", dueAtMs);
  expect(await times()).toEqual([null, "0 3 * * sun", dueAt]);
  await plan(null, null);
  expect(await times()).toEqual([null, null, null]);
});

describe("a job that is asked for", () => {
  test("waits, on record, and who begins it is told", async () => {
    const { status, headers, json } = await start({ kind: "gc", input: { windowSeconds: 5 } });
    expect({ status, location: headers.get("location") }).toEqual({ status: 201, location: "/api/v1/jobs/1" });
    expect(json).toEqual({ ...WAITING, input: { windowSeconds: 5 } });
    expect(api.looks()).toBe(1);
    expect(await api.listActs()).toEqual([
      { act: "job.start", actor: "root", target: "gc", detail: { job: 1, input: { windowSeconds: 5 } } },
    ]);
  });

  test("is shown while it runs and when it has ended", async () => {
    await start();
    await begin();
    const progress = { done: 3, total: 4, unit: "candidate", detail: { blobs: 2 } };
    const running = { ...WAITING, state: "running", startedAt: WAITING.createdAt, dueAt: null, attempts: 1, progress };
    expect((await api.ask("auditor", "GET /jobs/1")).json).toEqual(running);
    api.clock.atMs += 1000;
    await end();
    expect((await api.ask("auditor", "GET /jobs/1")).json).toEqual({
      ...running,
      state: "succeeded",
      endedAt: "2026-01-01T00:00:01.000Z",
      result: { blobs: 2 },
    });
  });

  test("twice is one, and the other is refused until that has ended", async () => {
    await start();
    expect(await start()).toMatchObject({
      status: 409,
      json: { detail: "job 1 of the kind gc waits already: wait for it, or cancel it" },
    });
    await begin();
    expect((await start()).json.detail).toContain("job 1 of the kind gc runs already");
    await end();
    expect((await start()).status).toBe(201);
  });

  test.each([
    [{ kind: "backup" }, 400, 'there is no kind of job "backup": there are gc, frozen'],
    [{ kind: "frozen" }, 409, "no frozen now: the registry is in read-only mode"],
    [{ kind: "gc", input: { window: 1 } }, 400, "body.input.window"],
    [{ kind: "gc", input: "all" }, 400, "body.input"],
    [{}, 400, "body.kind"],
  ])("as %p is refused with %d", async (body, status, said) => {
    const answer = await start(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.json)).toContain(JSON.stringify(said).slice(1, -1));
    expect(api.looks()).toBe(0);
    expect((await api.ask("root", "GET /jobs")).json.items).toEqual([]);
  });
});

describe("cancelling", () => {
  const cancel = (id = 1) => api.ask("root", `POST /jobs/${id}/cancel`);

  test("ends one that waits", async () => {
    await start();
    expect(await cancel()).toMatchObject({ status: 200, json: { state: "cancelled", dueAt: null } });
    expect([api.looks(), api.cancelled]).toEqual([2, ["gc"]]);
    expect((await api.listActs()).at(-1)).toEqual({
      act: "job.cancel",
      actor: "root",
      target: "gc",
      detail: { job: 1 },
    });
  });

  test("asks one that runs to end", async () => {
    await start();
    await begin();
    expect((await cancel()).json).toMatchObject({ state: "running", isCancelWanted: true });
    expect(api.cancelled).toEqual([]);
  });

  test("of one that has ended, or was never there, is refused", async () => {
    await start();
    await begin();
    await end();
    expect(await cancel()).toMatchObject({ status: 409, json: { detail: "job 1 has ended already: succeeded" } });
    expect(await cancel(2)).toMatchObject({ status: 404, json: { detail: "there is no job 2, or it was long ago" } });
  });
});

test("they are listed in pages, the newest first, by kind and by state", async () => {
  for (let i = 0; i < 3; i++) {
    await start();
    if (i < 2) await api.ask("root", `POST /jobs/${i + 1}/cancel`);
  }
  const idsOf = async (query: string) => {
    const { json, headers } = await api.ask("auditor", `GET /jobs${query}`);
    const ids = json.items.map(({ id }: { readonly id: number }) => id) as number[];
    return { ids, next: /^<\/api\/v1\/jobs(.+)>/.exec(headers.get("link") ?? "")?.[1] };
  };
  const first = await idsOf("?limit=2");
  expect(first.ids).toEqual([3, 2]);
  expect(await idsOf(first.next ?? "")).toEqual({ ids: [1], next: undefined });
  expect((await idsOf("?state=cancelled&kind=gc")).ids).toEqual([2, 1]);
  expect((await idsOf("?kind=other")).ids).toEqual([]);
  expect((await api.ask("auditor", "GET /jobs?state=done")).status).toBe(400);
});
