import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("auditor", { systemRole: "auditor" });
    await rows.account("anna");
  });
  for (const name of ["a", "b", "c"]) await api.ask("root", "POST /groups", { body: { name } });
});

afterEach(() => api.close());

const targets = (json: { items: readonly { target: string }[] }) => json.items.map(({ target }) => target);

describe("the audit trail", () => {
  test.each(["/audit", "/audit/export", "/audit/verify"])("%s is for auditors and administrators", async (path) => {
    for (const [who, status] of [
      ["anna", 403],
      ["", 401],
    ] as const)
      expect([who, (await api.ask(who, `GET ${path}`)).status]).toEqual([who, status]);
  });

  test("comes in pages, the newest first", async () => {
    const first = await api.ask("auditor", "GET /audit?act=group.create&limit=2");
    expect(targets(first.json)).toEqual(["c", "b"]);
    expect(first.json.items[0]).toMatchObject({
      actor: "root",
      outcome: "success",
      address: "192.0.2.1",
      requestId: "request-1",
    });
    const next = /^<\/api\/v1(.+)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await api.ask("auditor", `GET ${next}`);
    expect(targets(second.json)).toEqual(["a"]);
    expect(second.headers.get("link")).toBeNull();
  });

  test("has on record who reads it", async () => {
    await api.ask("auditor", "GET /audit?actor=root&limit=1");
    const { json } = await api.ask("root", "GET /audit?act=audit.read&actor=auditor");
    expect(json.items).toMatchObject([{ act: "audit.read", actor: "auditor", detail: { actor: "root" } }]);
  });

  test("is exported as lines, the oldest first", async () => {
    const text = await api.text("auditor", "GET /audit/export?prefix=a&act=group.create");
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).target),
    ).toEqual(["a"]);
    const all = await api.text("auditor", "GET /audit/export");
    expect(
      all
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).sequence),
    ).toEqual([1, 2, 3, 4, 5]);
  });

  test("is exported on from where an earlier export ended", async () => {
    const text = await api.text("auditor", "GET /audit/export?after=2");
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).sequence),
    ).toEqual([3, 4]);
  });

  test("is verified", async () => {
    expect((await api.ask("auditor", "GET /audit/verify")).json).toMatchObject({
      rows: 3,
      lastSequence: 3,
      broken: null,
    });
    await api.metadata.transaction(async (queries) => {
      await queries.updateTable("audit").set({ target: "x" }).where("sequence", "=", 2).execute();
    });
    expect((await api.ask("auditor", "GET /audit/verify")).json).toMatchObject({
      rows: 1,
      broken: { sequence: 2, reason: "changed" },
    });
  });
});
