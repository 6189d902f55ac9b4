import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("new", { systemRole: "administrator", mustChangePassword: true });
    const anna = await rows.account("anna");
    await rows.role("team", anna, "owner");
    await rows.repositories("team/app", "other/app");
  });
});

afterAll(() => api.close());

describe("a problem", () => {
  test("has the members of RFC 9457", async () => {
    const { status, headers, json } = await api.ask("anna", "GET /namespaces/other");
    expect(status).toBe(404);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(json).toEqual({
      type: "urn:berth:problem:not-found",
      title: "Not found",
      status: 404,
      detail: "there is no namespace other: a push, a role or a visibility makes one",
      instance: "request-1",
    });
  });

  test.each([
    ["a field that is unknown", { visibility: "public", color: "red" }, "body.color", "there is no such field"],
    [
      "a value that is none",
      { visibility: "open" },
      "body.visibility",
      'Invalid option: expected one of "public"|"internal"|"private"',
    ],
    ["a field that is missing", {}, "body.visibility", 'Invalid option: expected one of "public"|"internal"|"private"'],
  ])("names %s", async (_, body, field, problem) => {
    const { status, json } = await api.ask("anna", "PUT /namespaces/team", { body });
    expect({ status, errors: json.errors }).toEqual({ status: 400, errors: [{ field, problem }] });
  });

  test("says how to sign in", async () => {
    const { status, headers } = await api.ask("", "GET /namespaces");
    expect({ status, challenge: headers.get("www-authenticate") }).toEqual({
      status: 401,
      challenge: 'Basic realm="test"',
    });
  });

  test("says which methods there are", async () => {
    const { status, headers } = await api.ask("anna", "PATCH /namespaces/team");
    expect({ status, allow: headers.get("allow") }).toEqual({ status: 405, allow: "GET, PUT, DELETE" });
  });
});

describe("refused is", () => {
  const body = '{"visibility":"private"}';
  const typed = (type: string) => ({ body, headers: { "content-type": type } });
  test.each([
    ["a form of another site", typed("text/plain"), 415],
    ["a form that says it is JSON in its name", typed("text/plain; application/json"), 415],
    ["a type that only begins like JSON", typed("application/jsonp"), 415],
    ["what is no JSON", { body: "{visibility: private}" }, 400],
    ["more than a MiB", { body: `{"visibility":"private"${" ".repeat(1024 * 1024)}}` }, 413],
  ])("%s", async (_, options, status) => {
    expect((await api.ask("anna", "PUT /namespaces/team", options)).status).toBe(status);
  });

  test.each([
    ["GET /nothing", 404],
    ["GET /namespaces/team%2", 400],
    ["GET /namespaces/Team", 400],
    ["GET /namespaces/team%2F..%2Fother", 400],
    ["GET /namespaces?limit=0", 400],
    ["GET /namespaces?limit=5000", 400],
    ["GET /namespaces?limit=5&limit=6", 400],
    ["GET /namespaces?color=red", 400],
    ["GET /grants?after=anna", 400],
  ])("%s", async (asked, status) => expect((await api.ask("anna", asked)).status).toBe(status));

  test("everything but a new password where it must be changed", async () => {
    const { status, json } = await api.ask("new", "GET /namespaces");
    expect({ status, type: json.type }).toEqual({ status: 403, type: "urn:berth:problem:password-change-needed" });
  });

  test("anything about others by a token that is good for some things only", async () => {
    const limits = [{ pathPattern: "team/**", actions: ["pull"] }] as const;
    const body = { visibility: "public" };
    expect((await api.ask("anna", "PUT /namespaces/team", { body, limits })).status).toBe(403);
    expect((await api.ask("root", "PUT /namespaces/team", { body, limits })).status).toBe(403);
    expect((await api.ask("anna", "GET /namespaces/team", { limits })).status).toBe(200);
    expect((await api.ask("anna", "GET /grants", { limits })).status).toBe(403);
  });

  test("a namespace by a token that is good for others only, as if it were not there", async () => {
    const limits = [{ pathPattern: "team/**", actions: ["pull"] }] as const;
    const hidden = await api.ask("root", "GET /namespaces/other", { limits });
    const missing = await api.ask("root", "GET /namespaces/missing", { limits });
    expect({ status: hidden.status, json: hidden.json }).toEqual({ status: 404, json: missing.json });
    expect((await api.ask("root", "GET /namespaces/other")).status).toBe(200);
  });
});

test("what is open is told to everybody", async () => {
  const { status, json } = await api.ask("", "GET /service");
  expect({ status, json }).toEqual({
    status: 200,
    json: {
      name: "berth",
      version: "1.2.3",
      signIn: [{ kind: "password", source: "local", title: "Password", startUrl: null }],
    },
  });
  expect((await api.ask("", "GET /openapi.json")).json.openapi).toBe("3.1.0");
});

test("HEAD is answered as GET", async () => {
  const get = await api.ask("anna", "GET /namespaces/team");
  const head = await api.ask("anna", "HEAD /namespaces/team");
  expect(head.status).toBe(200);
  expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
});

describe("If-Match", () => {
  test("holds a change to what was seen", async () => {
    const seen = await api.ask("anna", "GET /namespaces/team");
    const etag = seen.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const change = (visibility: string, match: string) =>
      api.ask("anna", "PUT /namespaces/team", { body: { visibility }, headers: { "if-match": match } });

    const first = await change("internal", etag);
    expect(first.status).toBe(200);
    const second = await change("public", etag);
    expect({ status: second.status, type: second.json.type }).toEqual({
      status: 412,
      type: "urn:berth:problem:precondition-failed",
    });
    expect((await api.ask("anna", "GET /namespaces/team")).json.settings.visibility.value).toBe("internal");

    api.clock.atMs += 1;
    expect((await change("private", `"other", ${first.headers.get("etag")}`)).status).toBe(200);
    expect((await change("internal", "*")).status).toBe(200);
  });

  test("is held to all that is shown, also what a node above says", async () => {
    const tagOf = async () => (await api.ask("root", "GET /namespaces/other")).headers.get("etag");
    const before = await tagOf();
    await api.ask("root", "PUT /namespaces/_root", { body: { visibility: "internal" } });
    expect(await tagOf()).not.toBe(before);
    await api.ask("root", "PUT /namespaces/_root", { body: { visibility: null } });
    expect(await tagOf()).toBe(before);
  });

  test("of what is not there holds for nothing", async () => {
    const change = { body: { visibility: "public" }, headers: { "if-match": "*" } };
    expect((await api.ask("root", "PUT /namespaces/nowhere", change)).status).toBe(412);
    expect((await api.ask("root", "GET /namespaces/nowhere")).status).toBe(404);
  });

  test("lets one of two who saw the same change it", async () => {
    const etag = (await api.ask("anna", "GET /namespaces/team")).headers.get("etag") ?? "";
    api.clock.atMs += 1;
    const change = (visibility: string) =>
      api.ask("anna", "PUT /namespaces/team", { body: { visibility }, headers: { "if-match": etag } });
    const both = await Promise.all([change("public"), change("private")]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 412]));
  });
});

describe("Idempotency-Key", () => {
  const grant = { subject: "user:anna", pathPattern: "team/**", actions: ["pull"] };
  const send = (key: string, body: object = grant, who = "anna") =>
    api.ask(who, "POST /grants", { body, headers: { "idempotency-key": key } });

  test("gives a repeated request the same answer, once done", async () => {
    const first = await send("key-1");
    const again = await send("key-1");
    expect(first.status).toBe(201);
    expect({ ...again, headers: Object.fromEntries(again.headers) }).toEqual({
      ...first,
      headers: Object.fromEntries(first.headers),
    });
    expect((await send("key-2")).json.id).not.toBe(first.json.id);
  });

  test("does one of two that are sent at once, and answers both", async () => {
    const [one, other] = await Promise.all([send("at-once"), send("at-once")]);
    expect([one?.status, other?.status]).toEqual([201, 201]);
    expect(one?.json).toEqual(other?.json);
  });

  test("is of its sender", async () => {
    const own = await send("shared");
    const other = await send("shared", grant, "root");
    expect(other.status).toBe(201);
    expect(other.json.id).not.toBe(own.json.id);
  });

  test("is for one request", async () => {
    await send("one");
    const other = await send("one", { ...grant, actions: ["push"] });
    expect({ status: other.status, type: other.json.type }).toEqual({
      status: 409,
      type: "urn:berth:problem:conflict",
    });
  });

  test("is free again when the request was not carried out", async () => {
    const refused = await send("again", { ...grant, subject: "user:nobody" });
    expect(refused.status).toBe(404);
    expect((await send("again")).status).toBe(201);
  });

  test("is forgotten after a day", async () => {
    const first = await send("old");
    api.clock.atMs += 24 * 60 * 60 * 1000;
    expect((await send("old")).json.id).not.toBe(first.json.id);
  });

  test("is ASCII", async () => expect((await send("two words")).status).toBe(400));
});
