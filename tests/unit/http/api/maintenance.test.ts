import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

const START = "2026-01-01T00:00:00.000Z";
const OFF = { isReadOnly: false, source: null, reason: null, since: null, until: null, by: null };
const ON = { isReadOnly: true, source: "switch", since: START, by: "root" };

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.repositories("team/app");
  });
});
afterEach(() => api.close());

const show = async () => (await api.ask("root", "GET /maintenance")).json as unknown;
const put = (body: unknown, headers = {}) => api.ask("root", "PUT /maintenance", { body, headers });
const end = () => api.ask("root", "DELETE /maintenance");

describe("maintenance", () => {
  test("is off until somebody says so, with a reason and an end, and is on record", async () => {
    expect(await show()).toEqual(OFF);
    const until = "2026-01-01T02:00:00.000Z";
    const state = { ...ON, reason: "new disks", until };
    expect(await put({ reason: " new disks ", until: "2026-01-01T03:00:00+01:00" })).toMatchObject({
      status: 200,
      json: state,
    });
    expect(await show()).toEqual(state);
    api.clock.atMs += 60_000;
    expect((await put({})).json).toEqual({ ...ON, reason: null, until: null });
    expect((await end()).status).toBe(204);
    expect(await show()).toEqual(OFF);
    expect((await end()).status).toBe(204);
    expect(await api.listActs()).toEqual([
      { act: "maintenance.start", actor: "root", target: null, detail: { reason: "new disks", until } },
      { act: "maintenance.change", actor: "root", target: null, detail: { reason: null, until: null } },
      { act: "maintenance.end", actor: "root", target: null, detail: { since: START } },
    ]);
    expect(api.looks()).toBe(4);
  });

  test("ends by itself", async () => {
    await put({ until: "2026-01-01T01:00:00Z" });
    api.clock.atMs += 3_599_999;
    expect(await show()).toMatchObject({ isReadOnly: true });
    api.clock.atMs += 1;
    expect(await show()).toEqual(OFF);
    // What comes then is another one.
    expect((await put({})).json).toMatchObject({ since: "2026-01-01T01:00:00.000Z" });
  });

  test("that is configured stays, whatever is switched", async () => {
    api.registryOptions.readOnly = true;
    expect(await show()).toEqual({ ...OFF, isReadOnly: true, source: "configuration" });
    expect((await put({ reason: "new disks" })).json).toMatchObject({ source: "configuration", reason: "new disks" });
    await end();
    expect(await show()).toEqual({ ...OFF, isReadOnly: true, source: "configuration" });
  });

  test("refuses changes of content and jobs that are asked for, not those of people and rules", async () => {
    await put({ reason: "new disks" });
    const refused = { status: 405, json: { detail: expect.stringContaining("maintenance (new disks)") } };
    expect(await api.ask("root", "POST /jobs", { body: { kind: "gc" } })).toMatchObject(refused);
    expect(await api.ask("root", "POST /bin/empty", { body: {} })).toMatchObject(refused);
    const rollback = "POST /repositories/team%2Fapp/tags/prod/rollback";
    expect(await api.ask("root", rollback, { body: { steps: 1 } })).toMatchObject(refused);
    expect((await api.ask("root", "PUT /namespaces/team", { body: { visibility: "public" } })).status).toBe(200);
    await end();
    expect((await api.ask("root", "POST /jobs", { body: { kind: "gc" } })).status).toBe(201);
  });

  test("is changed only as it was seen", async () => {
    const { headers } = await api.ask("root", "GET /maintenance");
    const seen = { "if-match": headers.get("etag") ?? "" };
    expect((await put({ reason: "one" }, seen)).status).toBe(200);
    expect((await put({ reason: "two" }, seen)).status).toBe(412);
  });

  test.each([
    [{ reason: "two\nlines" }],
    [{ reason: "" }],
    [{ reason: "x".repeat(301) }],
    [{ until: "2025-12-31T00:00:00Z" }],
    [{ until: "tomorrow" }],
    [{ enabled: true }],
    [[]],
  ])("is not begun by %j", async (body) => {
    expect((await put(body)).status).toBe(400);
    expect(await show()).toEqual(OFF);
  });
});
