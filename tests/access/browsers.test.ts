import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { disableUser } from "../support/change-accounts.ts";
import type { Answer } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { pushImage } from "../support/push-content.ts";
import { CLIENT_ID, CLIENT_SECRET, IdentityProvider } from "../oidc/support/identity-provider.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const provider = await IdentityProvider.start({
  redirectUris: ["http://127.0.0.1/callback"],
  logoutUri: "http://127.0.0.1/",
});
afterAll(() => provider.stop());

const guarded = guardedWith(
  async (berth) => {
    await berth.user("alice", "owner", "team");
    await pushImage(berth.as("alice"), "team/app", "v1");
  },
  {
    auth: {
      accounts: {},
      oidc: [
        {
          name: "corp",
          issuer: provider.url,
          clientid: CLIENT_ID,
          clientsecret: CLIENT_SECRET,
          insecurehttp: true,
          privatenetworks: ["127.0.0.0/8"],
        },
      ],
    },
  },
);

const JSON_BODY = { "content-type": "application/json" };

async function signIn(name = "alice", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const body = JSON.stringify({ name, password: PASSWORD });
  return guarded()
    .anonymous()
    .post("/sign-in/password", { headers: { ...JSON_BODY, ...headers }, body });
}

async function session(name = "alice") {
  const answer = await signIn(name);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const { csrfToken } = answer.json() as { csrfToken: string };
  return { cookie, csrfToken, whole: answer.headers.get("set-cookie") ?? "" };
}

async function sessionOf(cookie: string): Promise<unknown> {
  const answer = await guarded().anonymous({ cookie }).get("/sign-in");
  return (answer.json() as { session: { name: string } | null }).session?.name;
}

describe("the cookie of a browser", () => {
  test("opens nothing of the registry API, nor gives tokens", async () => {
    const { cookie, csrfToken } = await session();
    const browser = guarded().anonymous({ cookie, "x-csrf-token": csrfToken });
    for (const path of ["/v2/", "/v2/_catalog", "/v2/team/app/tags/list", "/v2/team/app/manifests/v1"])
      expect(`${path} ${(await browser.get(path)).status}`).toBe(`${path} 401`);
    expect((await browser.post("/v2/team/app/blobs/uploads/")).status).toBe(401);
    expect((await browser.delete("/v2/team/app/manifests/v1")).status).toBe(401);
    const given = await browser.get("/token?service=berth&scope=repository:team/app:pull");
    expect(given.json()).not.toEqual(expect.objectContaining({ scope: expect.stringContaining("team") as string }));
    const bearer = guarded().bearer((given.json() as { token: string }).token);
    expect((await bearer.get("/v2/team/app/tags/list")).status).toBe(401);
  });

  test("is of no use to scripts and other sites, and does not work in the place of a password", async () => {
    const { cookie, whole } = await session();
    expect(whole).toMatch(/; HttpOnly/i);
    expect(whole).toMatch(/; SameSite=(?:Lax|Strict)/i);
    const value = cookie.slice(cookie.indexOf("=") + 1);
    expect((await guarded().as("alice", value).get("/v2/")).status).toBe(401);
    expect((await guarded().bearer(value).get("/v2/")).status).toBe(401);
  });

  test("is another one at each sign-in, whatever was there before", async () => {
    const planted = `berth-session=${"A".repeat(43)}`;
    const answer = await signIn("alice", { cookie: planted });
    expect(answer.headers.get("set-cookie")).not.toContain("AAAA");
    expect(await sessionOf(planted)).toBeUndefined();
    const first = await session();
    await signIn("alice", { cookie: first.cookie });
    // Who knew the old one is signed out.
    expect(await sessionOf(first.cookie)).toBeUndefined();
  });

  test("ends with its user", async () => {
    await guarded().user("ben");
    const { cookie } = await session("ben");
    expect(await sessionOf(cookie)).toBe("ben");
    await guarded().change((accounts) => disableUser(accounts, "ben", nobody));
    expect(await sessionOf(cookie)).toBeUndefined();
  });
});

describe("a page of another site", () => {
  const SITES = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { referer: "https://evil.example/page", "sec-fetch-site": "cross-site" },
  ];

  test.each(SITES)("does not sign a browser in, as %j", async (headers) => {
    const answer = await signIn("alice", headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("does not by a form either, which needs nobody's leave", async () => {
    const forms = [
      { type: "application/x-www-form-urlencoded", body: `name=alice&password=${PASSWORD}` },
      { type: "text/plain", body: JSON.stringify({ name: "alice", password: PASSWORD }) },
      { type: "multipart/form-data; boundary=x", body: "--x--" },
    ];
    for (const { type, body } of forms) {
      const answer = await guarded()
        .anonymous()
        .post("/sign-in/password", { headers: { "content-type": type }, body });
      expect(`${type} ${answer.status}`).toBe(`${type} 400`);
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
  });

  test("does not sign it out, and neither does who has no CSRF token or a wrong one", async () => {
    const { cookie, csrfToken } = await session();
    const other = await session();
    for (const headers of [
      ...SITES.map((site) => ({ ...site, "x-csrf-token": csrfToken })),
      {},
      { "x-csrf-token": "" },
      { "x-csrf-token": "wrong" },
      { "x-csrf-token": other.csrfToken },
    ]) {
      const answer = await guarded()
        .anonymous()
        .post("/sign-out", { headers: { ...headers, cookie } });
      expect(`${JSON.stringify(headers)} ${answer.status}`).toBe(`${JSON.stringify(headers)} 403`);
    }
    expect(await sessionOf(cookie)).toBe("alice");
    const own = { cookie, "x-csrf-token": csrfToken, origin: guarded().berth.url };
    expect((await guarded().anonymous().post("/sign-out", { headers: own })).status).toBe(204);
    expect(await sessionOf(cookie)).toBeUndefined();
  });

  test("makes no token and changes nothing by the management API", async () => {
    const { cookie, csrfToken } = await session();
    const other = await session();
    const body = JSON.stringify({ name: "stolen", limits: [] });
    for (const headers of [
      ...SITES.map((site) => ({ ...site, "x-csrf-token": csrfToken })),
      {},
      { "x-csrf-token": "wrong" },
      { "x-csrf-token": other.csrfToken },
    ]) {
      const sent = { ...JSON_BODY, ...headers, cookie };
      const answers = [
        await guarded().anonymous().post("/api/v1/me/tokens", { headers: sent, body }),
        await guarded().anonymous(sent).delete("/api/v1/me/tokens/1"),
        await guarded().anonymous().put("/api/v1/namespaces/team", { headers: sent, body: '{"visibility":"public"}' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    }
    expect((await guarded().as("alice").get("/api/v1/me/tokens")).json()).toEqual({ items: [] });
    const own = { ...JSON_BODY, cookie, "x-csrf-token": csrfToken, origin: guarded().berth.url };
    expect((await guarded().anonymous().post("/api/v1/me/tokens", { headers: own, body })).status).toBe(201);
  });

  test("is not allowed to read answers", async () => {
    const { cookie } = await session();
    for (const path of ["/sign-in", "/token?service=berth", "/v2/", "/api/v1/me"]) {
      const answer = await guarded().anonymous({ cookie, origin: "https://evil.example" }).get(path);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });
});

describe("after sign-in a browser goes to no other host", () => {
  test.each([
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example\n",
    "/.//evil.example",
    "/x/..//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "@evil.example",
    ".evil.example",
    " /",
    `/${"x".repeat(3000)}`,
    "/\r\nset-cookie: berth-session=planted",
  ])("not to %j", async (target) => {
    const query = new URLSearchParams({ return_to: target }).toString();
    const answer = await guarded().anonymous().get(`/sign-in/oidc/corp?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  });

  test("but to a path of the registry", async () => {
    const answer = await guarded().anonymous().get("/sign-in/oidc/corp?return_to=/repositories");
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get("location") ?? "");
    expect(location.origin).toBe(provider.url);
    expect(location.searchParams.get("redirect_uri")).toBe(`${guarded().berth.url}/sign-in/oidc/corp/callback`);
  });

  test("and who comes back without having been sent is not signed in", async () => {
    const begun = await guarded().anonymous().get("/sign-in/oidc/corp?return_to=/");
    const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state") ?? "";
    for (const query of [
      "",
      "?code=x",
      "?code=x&state=y",
      `?code=x&state=${state}`,
      `?error=access_denied&state=${state}`,
    ]) {
      const answer = await guarded().anonymous().get(`/sign-in/oidc/corp/callback${query}`);
      expect(answer.status).toBeOneOf([400, 403]);
      expect(answer.headers.get("location")).toBeNull();
      expect(answer.headers.get("set-cookie") ?? "").not.toMatch(/berth-session=[\w-]{10}/);
    }
    expect((await guarded().anonymous().get("/sign-in/oidc/none")).status).toBe(404);
  });
});
