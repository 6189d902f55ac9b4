import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("auditor", { systemRole: "auditor" });
    for (const role of ["owner", "maintainer", "writer", "reader"] as const)
      await rows.role("team", await rows.account(role), role);
    const friend = await rows.account("friend");
    await rows.group("all", [friend]);
    await rows.role("team/app", await rows.account("chief"), "owner");
    await rows.repositories("team/app", "team/other", "else/app");
  });
});

afterEach(() => api.close());

const put = (who: string, node: string, subject: string, role: string) =>
  api.ask(who, `PUT /namespaces/${encodeURIComponent(node)}/members/${subject}`, { body: { role } });
const grant = (who: string, pathPattern: string, actions: readonly string[], subject = "user:friend") =>
  api.ask(who, "POST /grants", { body: { subject, pathPattern, actions } });
const explain = async (who: string, path: string, action: string) => {
  const query = new URLSearchParams({ repository: path, action, subject: `user:${who}` });
  return (await api.ask("root", `GET /access/explain?${query.toString()}`)).json.isPermitted;
};

describe("a role", () => {
  test.each([
    ["maintainer", "team", "maintainer", 200],
    ["maintainer", "team/app", "writer", 200],
    ["owner", "team/app", "owner", 200],
    ["root", "_root", "owner", 200],
    ["maintainer", "team", "owner", 403],
    ["maintainer", "team/app", "owner", 403],
    ["chief", "team", "reader", 404],
    ["chief", "team/other", "reader", 404],
    ["writer", "team", "reader", 403],
    ["auditor", "team", "reader", 403],
    ["maintainer", "else", "reader", 404],
    ["maintainer", "_root", "reader", 404],
    ["friend", "team", "owner", 404],
    ["", "team", "reader", 401],
  ])("given by %s on %s: %s is answered %p", async (who, node, role, status) => {
    expect((await put(who, node, "user:friend", role)).status).toBe(status);
    expect(await explain("friend", node === "_root" ? "else/app" : node, "pull")).toBe(status === 200);
  });

  test("of who has more is not changed, nor taken away", async () => {
    expect((await put("maintainer", "team", "user:owner", "reader")).status).toBe(403);
    expect((await api.ask("maintainer", "DELETE /namespaces/team/members/user:owner")).status).toBe(403);
    expect((await put("owner", "team", "user:owner", "maintainer")).status).toBe(200);
    expect((await api.ask("maintainer", "DELETE /namespaces/team/members/user:owner")).status).toBe(204);
  });

  test("is not raised by oneself", async () => {
    expect((await put("maintainer", "team", "user:maintainer", "owner")).status).toBe(403);
    expect((await put("writer", "team/app", "user:writer", "maintainer")).status).toBe(403);
  });

  test("is not raised by way of a group, or of all", async () => {
    expect((await put("maintainer", "team", "group:all", "owner")).status).toBe(403);
    expect((await put("maintainer", "team", "signed-in", "owner")).status).toBe(403);
    expect((await put("maintainer", "team", "source:local", "owner")).status).toBe(403);
    expect((await put("maintainer", "team", "group:all", "maintainer")).status).toBe(200);
  });

  test("is for who is there", async () => {
    for (const subject of ["user:nobody", "group:nobody", "robot:friend"])
      expect((await put("owner", "team", subject, "reader")).status).toBe(404);
    for (const subject of ["friend", "account:1", "user:", "anonymous"])
      expect((await put("owner", "team", subject, "reader")).status).toBe(400);
  });
});

describe("a grant", () => {
  test.each([
    ["maintainer", "team/**", ["pull", "push"], 201],
    ["maintainer", "team/*-prod", ["delete"], 201],
    ["maintainer", "team/app", ["members:write"], 201],
    ["chief", "team/app/**", ["namespaces:write"], 201],
    ["root", "**", ["pull"], 201],
    ["maintainer", "team/**", ["namespaces:write"], 403],
    ["maintainer", "team*/**", ["pull"], 403],
    ["maintainer", "**/app", ["pull"], 403],
    ["maintainer", "*/app", ["pull"], 403],
    ["maintainer", "else/**", ["pull"], 403],
    ["chief", "team/**", ["pull"], 403],
    ["chief", "team/*", ["pull"], 403],
    ["writer", "team/app", ["pull"], 403],
    ["auditor", "team/app", ["pull"], 403],
    ["", "team/app", ["pull"], 401],
  ] as const)("by %s on %s for %j is answered %p", async (who, pattern, actions, status) => {
    expect((await grant(who, pattern, actions)).status).toBe(status);
  });

  test("to decide about members does not let give roles or grants on", async () => {
    expect((await grant("owner", "team", ["members:write", "settings:write", "namespaces:write", "pull"])).status).toBe(
      201,
    );
    for (const role of ["reader", "owner"]) {
      expect((await put("friend", "team", "user:friend", role)).status).toBe(403);
      expect((await put("friend", "team/app", "user:friend", role)).status).toBe(404);
    }
    expect((await grant("friend", "team", ["pull"])).status).toBe(403);
    expect((await grant("friend", "team/**", ["pull"])).status).toBe(403);
  });

  test("to make namespaces does not let take roles away with one", async () => {
    expect((await grant("owner", "team/**", ["namespaces:write", "settings:write", "pull"])).status).toBe(201);
    expect((await api.ask("friend", "DELETE /namespaces/team%2Fapp")).status).toBe(403);
    const made = await api.ask("friend", "PUT /namespaces/team%2Fnew", { body: { visibility: "internal" } });
    expect(made.status).toBe(200);
    expect((await api.ask("friend", "DELETE /namespaces/team%2Fnew")).status).toBe(204);
  });

  test("is not taken back by who could not have given it, nor seen", async () => {
    const { json } = await grant("owner", "team/**", ["namespaces:write"]);
    expect((await api.ask("maintainer", `DELETE /grants/${json.id}`)).status).toBe(403);
    const unseen = await api.ask("chief", `DELETE /grants/${json.id}`);
    const missing = await api.ask("chief", "DELETE /grants/999");
    expect({ status: unseen.status, type: unseen.json.type }).toEqual({ status: 404, type: missing.json.type });
    expect((await api.ask("chief", `GET /grants/${json.id}`)).status).toBe(404);
    expect((await api.ask("chief", "GET /grants")).json.items).toEqual([]);
    expect((await api.ask("owner", `DELETE /grants/${json.id}`)).status).toBe(204);
    expect((await api.ask("owner", `DELETE /grants/${json.id}`)).status).toBe(404);
  });

  test("is for what can be granted, and for a time to come", async () => {
    for (const body of [
      { subject: "user:friend", pathPattern: "team/**", actions: ["upload"] },
      { subject: "user:friend", pathPattern: "team/**", actions: [] },
      { subject: "user:friend", pathPattern: "Team/**", actions: ["pull"] },
      { subject: "user:friend", pathPattern: "", actions: ["pull"] },
      { subject: "user:friend", pathPattern: "team/../**", actions: ["pull"] },
      { subject: "user:friend", pathPattern: "team/**", actions: ["pull"], expiresAt: "2025-12-31T00:00:00Z" },
      { subject: "user:friend", pathPattern: "team/**", actions: ["pull"], expiresAt: "tomorrow" },
      { subject: "user:friend", pathPattern: "team/**", actions: ["pull"], id: 7 },
    ])
      expect({ body, status: (await api.ask("root", "POST /grants", { body })).status }).toEqual({ body, status: 400 });
  });
});

test("nobody decides any more once their own role is gone", async () => {
  expect((await put("maintainer", "team", "user:friend", "reader")).status).toBe(200);
  expect((await api.ask("root", "DELETE /namespaces/team/members/user:maintainer")).status).toBe(204);
  expect((await put("maintainer", "team", "user:friend", "writer")).status).toBe(404);
});
