import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
let robotId: number;

beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    for (const role of ["owner", "maintainer", "writer", "reader"] as const)
      await rows.role("team", await rows.account(role), role);
    await rows.account("stranger");
    robotId = await rows.account("team+ci", { kind: "robot", ownerPath: "team" });
    await rows.repositories("team/app", "other/app");
  });
});

afterEach(() => api.close());

const ROBOT = "/robots/team%2Bci";
const statusOf = async (who: string, asked: string, body?: unknown) => (await api.ask(who, asked, { body })).status;

describe("a robot", () => {
  test("is made where its maker decides about members, and shown to who reads the settings", async () => {
    const body = { name: "deploy", description: "Deploys", expiresAt: "2027-01-01T00:00:00Z" };
    const made = await api.ask("maintainer", "POST /namespaces/team%2Fapp/robots", { body });
    expect({ status: made.status, location: made.headers.get("location") }).toEqual({
      status: 201,
      location: "/api/v1/robots/team%2Fapp%2Bdeploy",
    });
    expect((await api.ask("maintainer", "GET /robots/team%2Fapp%2Bdeploy")).json).toEqual(made.json);
    expect((await api.ask("maintainer", "GET /namespaces/team%2Fapp/robots")).json.items).toEqual([made.json]);
    expect((await api.ask("root", "GET /robots")).json.items).toHaveLength(2);
  });

  test.each([
    ["writer", 403],
    ["reader", 403],
    ["stranger", 404],
    ["", 401],
  ])("is for %s: %p", async (who, status) => {
    expect(await statusOf(who, "POST /namespaces/team/robots", { name: "x" })).toBe(status);
    expect(await statusOf(who, `GET ${ROBOT}`)).toBe(status);
    expect(await statusOf(who, `GET ${ROBOT}/secrets`)).toBe(status);
    expect(await statusOf(who, `POST ${ROBOT}/secrets`, { name: "x" })).toBe(status);
    expect(await statusOf(who, `PATCH ${ROBOT}`, { isDisabled: true })).toBe(status);
    expect(await statusOf(who, `DELETE ${ROBOT}`)).toBe(status);
  });

  test("that one may not see is as one that is not there", async () => {
    const hidden = await api.ask("stranger", `GET ${ROBOT}`);
    const missing = await api.ask("stranger", "GET /robots/nothing%2Bci");
    expect({ status: hidden.status, json: hidden.json }).toEqual({ status: 404, json: missing.json });
  });

  test("has several secrets, each shown once", async () => {
    const first = await api.ask("maintainer", `POST ${ROBOT}/secrets`, { body: { name: "2026" } });
    const second = await api.ask("maintainer", `POST ${ROBOT}/secrets`, { body: { name: "2027" } });
    expect(first.json.secret).toMatch(/^berth_robot_\w{46}$/);
    expect(second.json.secret).not.toBe(first.json.secret);
    expect(await statusOf("maintainer", `DELETE ${ROBOT}/secrets/${first.json.id}`)).toBe(204);
    const { items } = (await api.ask("maintainer", `GET ${ROBOT}/secrets`)).json;
    expect(items.map(({ name }: { name: string }) => name)).toEqual(["2027"]);
  });

  test("trusts jobs", async () => {
    const body = {
      issuer: "https://ci.example",
      audience: "registry.example",
      claims: { repository: "team/app", ref: "refs/tags/*" },
    };
    const { status, json } = await api.ask("maintainer", `POST ${ROBOT}/trusts`, { body });
    expect({ status, claims: json.claims }).toEqual({ status: 201, claims: body.claims });
    expect((await api.ask("maintainer", `GET ${ROBOT}/trusts`)).json.items).toEqual([json]);
    expect(await statusOf("maintainer", `DELETE ${ROBOT}/trusts/${json.id}`)).toBe(204);
  });
});

describe("a robot that was given more than who asks has", () => {
  const attempts = [
    ["POST", `${ROBOT}/secrets`, { name: "mine" }],
    ["POST", `${ROBOT}/trusts`, { issuer: "https://ci.example", audience: "registry.example", claims: { sub: "me" } }],
    ["PATCH", ROBOT, { isDisabled: false }],
    ["DELETE", ROBOT, undefined],
  ] as const;

  test.each([
    ["there", (rows: Rows) => rows.role("team", robotId, "owner")],
    ["below", (rows: Rows) => rows.role("team/app", robotId, "owner")],
    ["above", (rows: Rows) => rows.role("", robotId, "owner")],
    ["by a group", async (rows: Rows) => rows.role("team", `group:${await rows.group("all", [robotId])}`, "owner")],
  ])("%s is not in their hands", async (_, give) => {
    await api.given(give);
    const [[, secrets, secret], [, trusts, trust]] = attempts;
    const { id: secretId } = (await api.ask("owner", `POST ${secrets}`, { body: secret })).json;
    const { id: trustId } = (await api.ask("owner", `POST ${trusts}`, { body: trust })).json;
    const revocations = [
      ["DELETE", `${secrets}/${secretId}`, undefined],
      ["DELETE", `${trusts}/${trustId}`, undefined],
    ] as const;
    for (const [method, path, body] of [...attempts, ...revocations])
      expect([method, path, await statusOf("maintainer", `${method} ${path}`, body)]).toEqual([method, path, 403]);
    for (const [method, path] of revocations) expect(await statusOf("owner", `${method} ${path}`)).toBe(204);
  });

  test("by a grant is not in their hands", async () => {
    const body = { subject: "robot:team+ci", pathPattern: "**", actions: ["namespaces:write"] };
    expect(await statusOf("root", "POST /grants", body)).toBe(201);
    expect(await statusOf("maintainer", `POST ${ROBOT}/secrets`, { name: "mine" })).toBe(403);
    expect(await statusOf("owner", `POST ${ROBOT}/secrets`, { name: "mine" })).toBe(201);
  });

  test("elsewhere is: who gave it there gave it to them", async () => {
    await api.given((rows) => rows.role("other", robotId, "owner"));
    expect(await statusOf("maintainer", `POST ${ROBOT}/secrets`, { name: "mine" })).toBe(201);
  });

  test("is not in the hands of who only was granted to decide about members", async () => {
    const body = { subject: "user:stranger", pathPattern: "team", actions: ["members:write", "settings:read", "pull"] };
    expect(await statusOf("owner", "POST /grants", body)).toBe(201);
    expect(await statusOf("stranger", `GET ${ROBOT}`)).toBe(200);
    expect(await statusOf("stranger", `POST ${ROBOT}/secrets`, { name: "mine" })).toBe(403);
  });
});

type Rows = Parameters<Parameters<ApiUnderTest["given"]>[0]>[0];
