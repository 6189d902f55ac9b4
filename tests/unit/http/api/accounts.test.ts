import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("auditor", { systemRole: "auditor" });
    const anna = await rows.account("anna", { displayName: "Anna" });
    await rows.account("new", { mustChangePassword: true });
    await rows.account("far", { source: "oidc:corp" });
    await rows.group("dev", [anna]);
  });
});

afterEach(() => api.close());

const statusOf = async (who: string, asked: string, body?: unknown) => (await api.ask(who, asked, { body })).status;
const PASSWORD = "correct horse battery";

describe("users are administered by administrators and shown to auditors", () => {
  const body = { name: "ben", password: PASSWORD };
  test.each([
    ["GET /users", undefined],
    ["GET /users/anna", undefined],
    ["GET /users/anna/groups", undefined],
    ["GET /users/anna/tokens", undefined],
    ["GET /groups", undefined],
    ["GET /groups/dev", undefined],
    ["GET /groups/dev/members", undefined],
    ["GET /groups/dev/mappings", undefined],
    ["GET /robots", undefined],
  ])("%s", async (asked) => {
    const statuses = await Promise.all(["root", "auditor", "anna", "", "new"].map((who) => statusOf(who, asked)));
    expect(statuses).toEqual([200, 200, 403, 401, 403]);
  });

  test.each([
    ["POST /users", body],
    ["PATCH /users/anna", { displayName: "A." }],
    ["PATCH /users/anna", { systemRole: "administrator" }],
    ["PUT /users/anna/password", { password: PASSWORD }],
    ["DELETE /users/anna", undefined],
    ["POST /groups", { name: "ops" }],
    ["PATCH /groups/dev", { name: "devs" }],
    ["PUT /groups/dev/members/anna", undefined],
    ["DELETE /groups/dev/members/anna", undefined],
    ["PUT /groups/dev/mappings", { source: "ldap:corp", externalName: "devs" }],
    ["DELETE /groups/dev", undefined],
  ])("%s %j", async (asked, sent) => {
    for (const [who, status] of [
      ["auditor", 403],
      ["anna", 403],
      ["", 401],
    ] as const)
      expect([who, await statusOf(who, asked, sent)]).toEqual([who, status]);
    expect([200, 201, 204]).toContain(await statusOf("root", asked, sent));
  });
});

describe("who is let in as an administrator", () => {
  const caller = { asker: { subjects: [], systemRole: "administrator" } } as const;
  const body = { name: "ben", password: PASSWORD };

  test("and is none any more when the change is made, changes nothing", async () => {
    expect((await api.ask("anna", "POST /users", { body, caller })).status).toBe(403);
    expect(await statusOf("root", "GET /users/ben")).toBe(404);
  });

  test("and is disabled by then, changes nothing", async () => {
    await statusOf("root", "PATCH /users/anna", { isDisabled: true });
    expect((await api.ask("anna", "POST /users", { body, caller })).status).toBe(401);
    expect(await statusOf("root", "GET /users/ben")).toBe(404);
  });
});

describe("a user", () => {
  test("is made, shown, changed and deleted", async () => {
    const made = await api.ask("root", "POST /users", {
      body: { name: "ben", password: PASSWORD, email: "ben@example.com" },
    });
    expect({ status: made.status, location: made.headers.get("location") }).toEqual({
      status: 201,
      location: "/api/v1/users/ben",
    });
    expect(made.json).toEqual({
      name: "ben",
      source: "local",
      displayName: null,
      email: "ben@example.com",
      systemRole: null,
      isDisabled: false,
      mustChangePassword: true,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:00.000Z",
      lastUsedAt: null,
    });
    const changed = await api.ask("root", "PATCH /users/ben", { body: { email: null, isDisabled: true } });
    expect(changed.json).toMatchObject({ email: null, isDisabled: true });
    expect((await api.ask("root", "GET /users/ben")).json).toEqual(changed.json);
    expect(await statusOf("root", "DELETE /users/ben")).toBe(204);
    expect(await statusOf("root", "GET /users/ben")).toBe(404);
    expect((await api.listActs()).map(({ act }) => act)).toEqual([
      "user.create",
      "user.update",
      "user.disable",
      "user.delete",
    ]);
  });

  test("is changed in all that was asked for, or not at all", async () => {
    const refused = await api.ask("root", "PATCH /users/root", { body: { displayName: "R.", isDisabled: true } });
    expect(refused.status).toBe(409);
    expect((await api.ask("root", "GET /users/root")).json).toMatchObject({ displayName: null, isDisabled: false });
    expect(await api.listActs()).toEqual([]);
  });

  test("is changed only as it was seen, and whoever used it changes nothing of that", async () => {
    const seen = (await api.ask("root", "GET /users/anna")).headers.get("etag") ?? "";
    const headers = { "if-match": seen };
    expect((await api.ask("root", "PATCH /users/anna", { body: { displayName: "A." }, headers })).status).toBe(200);
    expect((await api.ask("root", "PATCH /users/anna", { body: { displayName: "B." }, headers })).status).toBe(412);
    expect((await api.ask("root", "DELETE /users/anna", { headers })).status).toBe(412);
    expect((await api.ask("root", "DELETE /users/missing", { headers })).status).toBe(412);
  });

  test.each([
    [{ name: "Ben", password: PASSWORD }, 400],
    [{ name: "ben", password: "short" }, 400],
    [{ name: "anna", password: PASSWORD }, 409],
    [{ name: "ben", password: PASSWORD, isDisabled: true }, 400],
    [{ name: "ben" }, 400],
  ])("is not made of %j", async (body, status) => expect(await statusOf("root", "POST /users", body)).toBe(status));

  test("comes in pages", async () => {
    const first = await api.ask("root", "GET /users?limit=3");
    expect(first.json.items.map((one: { name: string }) => one.name)).toEqual(["anna", "auditor", "far"]);
    expect(first.headers.get("link")).toBe('</api/v1/users?limit=3&after=far>; rel="next"');
    const second = await api.ask("root", "GET /users?limit=3&after=far");
    expect(second.json.items.map((one: { name: string }) => one.name)).toEqual(["new", "root"]);
    expect(second.headers.get("link")).toBeNull();
  });

  test("gets another password by an administrator, if it is kept here", async () => {
    expect(await statusOf("root", "PUT /users/anna/password", { password: PASSWORD })).toBe(204);
    expect((await api.ask("root", "GET /users/anna")).json.mustChangePassword).toBe(true);
    expect(await statusOf("root", "PUT /users/far/password", { password: PASSWORD })).toBe(409);
  });
});

describe("whoever asks", () => {
  test("is told who they are", async () => {
    expect((await api.ask("anna", "GET /me")).json).toMatchObject({
      subject: "user:anna",
      user: { displayName: "Anna" },
      systemRole: null,
      groups: ["dev"],
      isLimited: false,
    });
  });

  test("is told what they may do, and nothing of what they do not see", async () => {
    await api.given((rows) => rows.role("team", "signed-in", "reader"));
    const { json } = await api.ask("anna", "GET /me/permissions?path=team/app");
    expect(json).toEqual({ path: "team/app", actions: ["pull"] });
    expect((await api.ask("anna", "GET /me/permissions?path=other")).json.actions).toEqual([]);
  });

  test("changes their password, also where they must, by the one that they have", async () => {
    await api.ask("root", "PUT /users/new/password", { body: { password: PASSWORD } });
    const change = (oldPassword: string, newPassword: string) =>
      statusOf("new", "PUT /me/password", { oldPassword, newPassword });
    expect(await statusOf("new", "GET /me")).toBe(200);
    expect(await statusOf("new", "GET /me/tokens")).toBe(403);
    expect(await change("wrong", "another good one 1")).toBe(401);
    expect(await change(PASSWORD, "another good one 1")).toBe(204);
    expect(await statusOf("new", "GET /me/tokens")).toBe(200);
  });
});

describe("a personal token", () => {
  const body = {
    name: "laptop",
    limits: [{ pathPattern: "team/**", actions: ["pull"] }],
    expiresAt: "2026-06-01T00:00:00Z",
  };

  test("is shown once, listed without itself, and revoked", async () => {
    const made = await api.ask("anna", "POST /me/tokens", { body });
    expect(made.status).toBe(201);
    expect(made.json.secret).toMatch(/^berth_pat_\w{46}$/);
    const { secret, ...shown } = made.json;
    const listed = await api.ask("anna", "GET /me/tokens");
    expect(listed.json.items).toEqual([shown]);
    expect(JSON.stringify(listed.json)).not.toContain(secret);
    expect(await statusOf("anna", `DELETE /me/tokens/${shown.id}`)).toBe(204);
    expect(await statusOf("anna", `DELETE /me/tokens/${shown.id}`)).toBe(404);
  });

  test("is kept nowhere for a request that is sent again", async () => {
    const send = () => api.ask("anna", "POST /me/tokens", { body, headers: { "idempotency-key": "k" } });
    const first = await send();
    expect((await send()).status).toBe(409);
    const rows = await api.metadata.reads.selectFrom("idempotency_keys").selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(first.json.secret);
    expect((await api.ask("anna", "GET /me/tokens")).json.items).toHaveLength(1);
  });

  test("makes no other token, and is revoked by its own user or an administrator", async () => {
    const byToken = { isByPassword: false };
    expect((await api.ask("anna", "POST /me/tokens", { body, caller: byToken })).status).toBe(403);
    const bySession = { isByPassword: false, isBySession: true };
    const { json } = await api.ask("anna", "POST /me/tokens", { body, caller: bySession });
    expect(await statusOf("auditor", `DELETE /me/tokens/${json.id}`)).toBe(404);
    expect(await statusOf("auditor", `DELETE /users/anna/tokens/${json.id}`)).toBe(403);
    expect(await statusOf("root", `DELETE /users/anna/tokens/${json.id}`)).toBe(204);
  });
});

describe("a group", () => {
  test("is made, given another name, filled, mapped and deleted", async () => {
    expect(await statusOf("root", "POST /groups", { name: "ops", description: "Operators" })).toBe(201);
    expect((await api.ask("root", "PATCH /groups/ops", { body: { name: "operators" } })).json).toMatchObject({
      name: "operators",
      description: "Operators",
    });
    expect(await statusOf("root", "PUT /groups/operators/members/anna")).toBe(204);
    expect((await api.ask("auditor", "GET /groups/operators/members")).json.items).toEqual([
      { name: "anna", kind: "user", sources: ["local"] },
    ]);
    const mapping = { source: "ldap:corp", externalName: "cn=ops,dc=example" };
    expect(await statusOf("root", "PUT /groups/operators/mappings", mapping)).toBe(204);
    expect((await api.ask("auditor", "GET /groups/operators/mappings")).json.items).toEqual([mapping]);
    const query = new URLSearchParams(mapping).toString();
    expect(await statusOf("root", `DELETE /groups/operators/mappings?${query}`)).toBe(204);
    expect(await statusOf("root", `DELETE /groups/operators/mappings?${query}`)).toBe(404);
    expect(await statusOf("root", "DELETE /groups/operators")).toBe(204);
  });
});
