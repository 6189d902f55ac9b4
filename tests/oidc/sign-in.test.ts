import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import type { OidcProviderOptions } from "../../src/auth/index.ts";
import { takeFreePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";
import { addAccount } from "./support/account-rows.ts";
import { Browser, type Shown } from "./support/browser.ts";
import { IdentityProvider, type ProviderOptions } from "./support/identity-provider.ts";
import { providerOptions, Site } from "./support/site.ts";

const MINUTE_MS = 60_000;

let site: Site;
let provider: IdentityProvider;
let browser: Browser;

beforeEach(async () => {
  site = await Site.open();
  browser = new Browser();
  await open();
});
afterEach(async () => {
  await provider.stop();
  await site.close();
});

async function open(options: Partial<OidcProviderOptions> = {}, of: Partial<ProviderOptions> = {}): Promise<void> {
  await provider?.stop();
  const redirectUris = ["corp", "other"].map((name) => site.callbackUrl(name));
  provider = await IdentityProvider.start({ redirectUris, logoutUri: `${site.url}/sign-in/oidc/corp/logout`, ...of });
  provider.people.set("u-1", {
    preferred_username: "anna",
    name: "Anna Example",
    email: "anna@example.com",
    email_verified: true,
    groups: ["developers", "admins"],
    department: "build",
  });
  const corp = providerOptions(provider.url, options);
  site.serve([corp, { ...corp, name: "other", title: "Other" }]);
}

const begin = (query = "", name = "corp", by = browser) => by.visit(`${site.url}/sign-in/oidc/${name}${query}`);

/** Goes to the provider and signs in there. @returns the URL that it sends the browser back by, not yet visited */
async function callbackFor(sub = "u-1", by = browser): Promise<URL> {
  by.onVisit = (url) => (url.pathname.endsWith("/callback") ? undefined : url);
  const stopped = await by.signInAtProvider(await begin("", "corp", by), sub);
  by.onVisit = (url) => url;
  expect(stopped.status).toBe(0);
  return stopped.url;
}

async function signIn(sub = "u-1", query = "", by = browser): Promise<Shown> {
  return by.signInAtProvider(await begin(query, "corp", by), sub);
}

interface Ways {
  readonly password: boolean;
  readonly providers: readonly unknown[];
  readonly session: { readonly name: string; readonly csrfToken: string } | null;
}

async function ways(by = browser): Promise<Ways> {
  const shown = await by.visit(`${site.url}/sign-in`);
  return JSON.parse(shown.text) as Ways;
}

const rowsOf = (table: "web_sessions" | "used_tokens") => site.database.reads.selectFrom(table).selectAll().execute();

describe("a sign-in at a provider", () => {
  test("makes a session, and comes back to where it began", async () => {
    const shown = await signIn("u-1", "?return_to=/repositories%3Fq%3Da%23b");
    expect([shown.url.href, shown.text]).toEqual([`${site.url}/repositories?q=a#b`, "page /repositories"]);
    expect(await ways()).toMatchObject({ session: { name: "anna", source: "oidc:corp" } });
    expect(site.identities).toEqual([
      {
        name: "anna",
        externalId: "u-1",
        displayName: "Anna Example",
        email: "anna@example.com",
        groups: ["developers", "admins"],
      },
    ]);
    expect(await site.acts()).toEqual(["sign-in success anna anna"]);
    expect(browser.cookie("berth-sign-in")).toBeUndefined();
    expect(await rowsOf("used_tokens")).toHaveLength(1);
  });

  test("goes to the start page where nothing else is said", async () => {
    expect((await signIn()).url.href).toBe(`${site.url}/`);
  });

  test("asks for a code with S256, state and nonce, and leaves nothing readable with the browser", async () => {
    await begin();
    const asked = browser.history.find(({ origin }) => origin === provider.url)?.searchParams;
    expect(asked?.get("response_type")).toBe("code");
    expect(asked?.get("code_challenge_method")).toBe("S256");
    expect(asked?.get("code_challenge")).toHaveLength(43);
    expect(asked?.get("nonce")).toHaveLength(43);
    expect(asked?.get("state")).toHaveLength(43);
    const cookie = browser.cookie("berth-sign-in") ?? "";
    expect(cookie).not.toBe("");
    const kept = Buffer.from(cookie.slice("v1.".length), "base64url").toString("latin1");
    for (const secret of ["nonce", asked?.get("nonce") ?? "", asked?.get("state") ?? ""])
      expect(kept).not.toContain(secret);
  });

  test("takes what the ID token does not say from the userinfo end-point", async () => {
    await open({}, { isSparing: true });
    await signIn();
    expect(site.identities).toMatchObject([
      { name: "anna", groups: ["developers", "admins"], email: "anna@example.com" },
    ]);
  });

  test("gives the same account the second time, by a new session", async () => {
    await signIn();
    const before = browser.cookie("berth-session");
    await signIn();
    expect(browser.cookie("berth-session")).not.toBe(before);
    expect(site.identities.map(({ externalId }) => externalId)).toEqual(["u-1", "u-1"]);
    expect(await rowsOf("web_sessions")).toHaveLength(1);
  });

  test("is listed with the ways to sign in", async () => {
    expect(await ways()).toEqual({
      password: false,
      providers: [
        { name: "corp", title: "Corporate login", url: "/sign-in/oidc/corp" },
        { name: "other", title: "Other", url: "/sign-in/oidc/other" },
      ],
      session: null,
    });
    expect((await begin("", "none")).status).toBe(404);
    const posted = await browser.visit(`${site.url}/sign-in/oidc/corp`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("who somebody is", () => {
  test.each([
    ["the claim of the configuration", { usernameClaim: "department" }, {}, "build"],
    ["a verified email where the claim is not there", {}, { preferred_username: undefined }, "anna@example.com"],
    ["a verified email where that is the claim", { usernameClaim: "email" }, {}, "anna@example.com"],
  ] as const)("is %s", async (_, options, claims, name) => {
    await open(options);
    provider.people.set("u-1", { ...provider.people.get("u-1"), ...claims });
    await signIn();
    expect(site.identities).toMatchObject([{ name }]);
  });

  test.each([
    ["an email that nobody verified", { preferred_username: undefined, email_verified: false }],
    ["an email of which nothing is said", { preferred_username: undefined, email_verified: undefined }],
    ["nothing", { preferred_username: undefined, email: undefined }],
  ])("is not %s", async (_, claims) => {
    provider.people.set("u-1", { ...provider.people.get("u-1"), ...claims });
    const shown = await signIn();
    expect([shown.status, site.identities]).toEqual([403, []]);
    expect(shown.text).toContain("does not say what your user name is");
    expect(await site.acts()).toEqual(["sign-in failure  "]);
    expect((await ways()).session).toBeNull();
  });

  test("does not have an email that nobody verified", async () => {
    provider.people.set("u-1", { ...provider.people.get("u-1"), email_verified: false });
    await signIn();
    expect(site.identities).toMatchObject([{ name: "anna", email: undefined }]);
  });

  test.each([
    ["one", "developers", ["developers"]],
    ["none", undefined, []],
    ["none, in an empty list", [], []],
    ["those that are text", ["a", 1, null, ""], ["a"]],
  ])("has groups: %s", async (_, groups, expected) => {
    provider.people.set("u-1", { ...provider.people.get("u-1"), groups });
    await signIn();
    expect(site.identities).toMatchObject([{ groups: expected }]);
  });

  test("has groups that nobody knows of where no claim is for them", async () => {
    await open({ groupsClaim: undefined });
    await signIn();
    expect(site.identities[0]?.groups).toBeUndefined();
  });
});

describe("who may come in", () => {
  test.each([
    ["with the claim", { requiredClaims: { department: "bu*" } }, {}, 200],
    ["with one of the claim's values", { requiredClaims: { groups: "admins" } }, {}, 200],
    ["not with another value", { requiredClaims: { department: "sales" } }, {}, 403],
    ["not without the claim", { requiredClaims: { department: "*" } }, { department: undefined }, 403],
    ["with an email of the domain", { emailDomains: ["Example.com"] }, {}, 200],
    ["not with one of another domain", { emailDomains: ["ample.com", "corp.example"] }, {}, 403],
    ["not with one that nobody verified", { emailDomains: ["example.com"] }, { email_verified: false }, 403],
  ] as const)("%s", async (_, options, claims, status) => {
    await open(options);
    provider.people.set("u-1", { ...provider.people.get("u-1"), ...claims });
    const shown = await signIn();
    expect(shown.status).toBe(status);
    // What is missing is the operator's business.
    if (status === 403) expect(shown.text).not.toContain("department");
  });

  test("not by the name of somebody else, which is on record", async () => {
    await addAccount(site.database, { name: "anna" });
    expect((await signIn()).status).toBe(409);
    expect((await ways()).session).toBeNull();
    expect(await site.acts()).toEqual(["sign-in failure  "]);
  });

  test("not with an account that is disabled here", async () => {
    await signIn();
    await site.database.transaction((queries) => queries.updateTable("accounts").set({ is_disabled: 1 }).execute());
    expect((await ways()).session).toBeNull();
    expect((await signIn()).status).toBe(403);
    expect(await rowsOf("web_sessions")).toHaveLength(1);
  });
});

describe("a way back is taken", () => {
  test("once", async () => {
    const url = await callbackFor();
    expect((await browser.visit(url)).status).toBe(200);
    expect((await browser.visit(url)).status).toBe(400);
  });

  test("once, also with the cookie that belongs to it", async () => {
    const url = await callbackFor();
    const cookie = browser.cookie("berth-sign-in") ?? "";
    await browser.visit(url);
    browser.setCookie("berth-sign-in", cookie);
    // The provider takes its code back, too.
    expect((await browser.visit(url)).status).toBe(403);
    expect(await rowsOf("web_sessions")).toHaveLength(1);
  });

  test("not with a cookie that was changed", async () => {
    const url = await callbackFor();
    const cookie = browser.cookie("berth-sign-in") ?? "";
    for (const changed of ["", "v1.", cookie.slice(0, -1), `${cookie.slice(0, 20)}AAAA${cookie.slice(24)}`]) {
      browser.setCookie("berth-sign-in", changed);
      expect((await browser.visit(url)).status).toBe(400);
    }
  });

  test("by the browser that began, and by no other", async () => {
    const url = await callbackFor();
    const victim = new Browser();
    expect((await victim.visit(url)).status).toBe(400);
    await begin("", "corp", victim);
    expect((await victim.visit(url)).status).toBe(400);
    expect((await ways(victim)).session).toBeNull();
    expect((await browser.visit(url)).status).toBe(200);
  });

  test("with a code that was not used before", async () => {
    const used = await callbackFor();
    await browser.visit(used);
    const fresh = await callbackFor();
    fresh.searchParams.set("code", used.searchParams.get("code") ?? "");
    const shown = await browser.visit(fresh);
    expect(shown.status).toBe(403);
    expect(shown.text).toContain("sign in again");
  });

  test("for ten minutes", async () => {
    const url = await callbackFor();
    site.clock.offsetMs = 10 * MINUTE_MS;
    expect((await browser.visit(url)).status).toBe(400);
  });

  test("of the provider that it was sent to", async () => {
    const url = await callbackFor();
    url.pathname = "/sign-in/oidc/other/callback";
    expect((await browser.visit(url)).status).toBe(400);
  });

  test.each([
    ["iss", "https://evil.example"],
    ["iss", ""],
    ["code", "made-up"],
    ["code", ""],
  ])("not with another %s: %s", async (name, value) => {
    const url = await callbackFor();
    if (value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    expect((await browser.visit(url)).status).toBe(403);
    expect(await rowsOf("web_sessions")).toEqual([]);
    expect(await site.acts()).toEqual(["sign-in failure  "]);
  });

  test.each(["state", "all"])("not without %s", async (name) => {
    const url = await callbackFor();
    if (name === "all") url.search = "";
    else url.searchParams.delete(name);
    expect((await browser.visit(url)).status).toBe(400);
    expect(await site.acts()).toEqual([]);
  });

  test.each([
    ["nonce", "another-nonce"],
    ["code_challenge", "A".repeat(43)],
  ])("not when the provider was asked with another %s", async (name, value) => {
    browser.onVisit = (url) => {
      if (url.origin === provider.url && url.searchParams.has(name)) url.searchParams.set(name, value);
      return url;
    };
    expect((await signIn()).status).toBe(403);
    expect(await rowsOf("web_sessions")).toEqual([]);
  });
});

describe("a provider that refuses", () => {
  const returnWith = async (query: Record<string, string>) => {
    await begin();
    const state = browser.history.find(({ origin }) => origin === provider.url)?.searchParams.get("state") ?? "";
    const search = new URLSearchParams({ state, iss: provider.url, ...query }).toString();
    return browser.visit(`${site.callbackUrl("corp")}?${search}`);
  };

  test("is heard, and its words are not repeated", async () => {
    const shown = await returnWith({ error: "access_denied", error_description: "Call <b>555-0100</b>" });
    expect([shown.status, shown.headers.get("content-type")]).toEqual([403, "application/json"]);
    expect(shown.text).toContain("Corporate login did not sign you in: access_denied");
    expect(shown.text).not.toContain("555");
  });

  test("may say anything", async () => {
    const shown = await returnWith({ error: "<script>alert(1)</script>" });
    expect([shown.status, shown.text.includes("script")]).toEqual([403, false]);
  });

  test("for now is one to try again", async () =>
    expect((await returnWith({ error: "server_error" })).status).toBe(503));
});

describe("where a browser goes afterwards is never another site", () => {
  test.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example/",
    "/\n/evil.example",
    "/.//evil.example/",
    "/a/..//evil.example/",
    "/%2e//evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "evil.example",
    " /a",
    "",
    `/${"a".repeat(200)}`,
  ])("%j", async (target) => {
    const shown = await begin(`?return_to=${encodeURIComponent(target)}`);
    expect([shown.url.origin, shown.status]).toEqual([site.url, 400]);
  });

  test.each(["/", "/a/b", "/a?b=https://evil.example", "/a//b", "/@evil.example", "/%2F/evil.example"])(
    "%j is here",
    async (target) => {
      const shown = await signIn("u-1", `?return_to=${encodeURIComponent(target)}`);
      expect(shown.url.href).toBe(site.url + target);
    },
  );
});

test("of those who begin and do not come back nothing is kept", async () => {
  const countRows = async () => {
    const { rows } = await sql<{ name: string }>`select name from sqlite_schema where type = 'table'`.execute(
      site.database.reads,
    );
    const counts = rows.map(({ name }) => sql<{ count: number }>`select count(*) as count from ${sql.table(name)}`);
    return Promise.all(counts.map(async (query) => (await query.execute(site.database.reads)).rows));
  };
  const before = await countRows();
  for (let time = 0; time < 5; time++) expect((await begin("", "corp", new Browser())).url.origin).toBe(provider.url);
  expect(await countRows()).toEqual(before);
});

describe("a provider that is not there", () => {
  test("is asked again later", async () => {
    site.serve([providerOptions(`http://127.0.0.1:${takeFreePort()}`)]);
    const shown = await begin();
    expect([shown.status, shown.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await ways()).session).toBeNull();
  });

  test("any more, when the browser comes back", async () => {
    const url = await callbackFor();
    await provider.stop();
    expect((await browser.visit(url)).status).toBe(503);
    await open();
  });

  test("to be asked, as its address is inside and that is not allowed", async () => {
    await open({ privateNetworks: [] });
    expect((await begin()).status).toBe(503);
  });
});

test("a cookie that somebody planted before is not the session", async () => {
  browser.setCookie("berth-session", "A".repeat(43));
  await signIn();
  expect(browser.cookie("berth-session")).not.toBe("A".repeat(43));
  const attacker = new Browser();
  attacker.setCookie("berth-session", "A".repeat(43));
  expect((await ways(attacker)).session).toBeNull();
});

describe("a sign-out", () => {
  const signOut = (headers: Record<string, string>, by = browser) =>
    by.visit(`${site.url}/sign-out`, { method: "POST", headers });

  test("ends the session, from an own page with its token", async () => {
    await signIn();
    const cookie = browser.cookie("berth-session") ?? "";
    const { session } = await ways();
    const done = await signOut({ Origin: site.url, "X-CSRF-Token": session?.csrfToken ?? "" });
    expect([done.status, browser.cookie("berth-session")]).toEqual([204, undefined]);
    browser.setCookie("berth-session", cookie);
    expect((await ways()).session).toBeNull();
    expect(await site.acts()).toEqual(["sign-in success anna anna", "sign-out success anna anna"]);
  });

  test("by a page of another site does nothing", async () => {
    await signIn();
    const token = (await ways()).session?.csrfToken ?? "";
    for (const headers of [{}, { Origin: site.url }, { Origin: "https://evil.example", "X-CSRF-Token": token }])
      expect((await signOut({ ...headers })).status).toBe(403);
    expect((await ways()).session).not.toBeNull();
  });

  test("of nobody is done", async () => expect((await signOut({})).status).toBe(204));
});

describe("a sign-out at the provider", () => {
  const url = () => `${site.url}/sign-in/oidc/corp/logout`;
  const send = async (logout_token: string, to = url()) =>
    (await fetch(to, { method: "POST", body: new URLSearchParams({ logout_token }) })).status;
  const generation = async () =>
    (await site.database.reads.selectFrom("accounts").select("generation").executeTakeFirstOrThrow()).generation;
  const sessionIdOf = async () => (await rowsOf("web_sessions"))[0]?.provider_session_id ?? "";

  test("ends the session here, and the account's tokens", async () => {
    await signIn();
    const before = await generation();
    const asked = await browser.visit(`${provider.url}/session/end`);
    await browser.submit(asked, { logout: "yes" });
    await until("the provider has told us", async () => (await ways()).session === null);
    expect(await generation()).toBeGreaterThan(before);
    expect(await site.acts()).toEqual(["sign-in success anna anna", "sign-out success  anna"]);
  });

  test("of one session leaves the others", async () => {
    await signIn();
    const first = await sessionIdOf();
    const other = new Browser();
    await signIn("u-1", "", other);
    expect(await send(await provider.logoutToken({ sid: first }))).toBe(200);
    expect([(await ways()).session, (await ways(other)).session?.name]).toEqual([null, "anna"]);
  });

  test("of a person ends all sessions, and nobody else's", async () => {
    provider.people.set("u-2", { preferred_username: "ben" });
    const [other, ben] = [new Browser(), new Browser()];
    await signIn();
    await signIn("u-1", "", other);
    await signIn("u-2", "", ben);
    expect(await send(await provider.logoutToken({ sub: "u-1" }))).toBe(200);
    expect([(await ways()).session, (await ways(other)).session]).toEqual([null, null]);
    expect((await ways(ben)).session?.name).toBe("ben");
  });

  test("of a person's session does not end that of another", async () => {
    await signIn();
    expect(await send(await provider.logoutToken({ sub: "u-2", sid: await sessionIdOf() }))).toBe(200);
    expect((await ways()).session?.name).toBe("anna");
  });

  test("is heard once", async () => {
    await signIn();
    const token = await provider.logoutToken({ sub: "u-1" });
    expect(await send(token)).toBe(200);
    await signIn();
    expect(await send(token)).toBe(400);
    expect((await ways()).session?.name).toBe("anna");
  });

  const seconds = () => Math.floor(Date.now() / 1000);
  test.each([
    ["for another registry", () => provider.logoutToken({ sub: "u-1", aud: "other" })],
    ["of another issuer", () => provider.logoutToken({ sub: "u-1", iss: "https://evil.example" })],
    ["with a nonce", () => provider.logoutToken({ sub: "u-1", nonce: "n" })],
    ["without the event", () => provider.logoutToken({ sub: "u-1", events: {} })],
    ["without events", () => provider.logoutToken({ sub: "u-1", events: undefined })],
    ["without a number", () => provider.logoutToken({ sub: "u-1", jti: undefined })],
    ["of nobody", () => provider.logoutToken({})],
    ["after its end", () => provider.logoutToken({ sub: "u-1", exp: seconds() - 120 })],
    ["from long ago", () => provider.logoutToken({ sub: "u-1", iat: seconds() - 3600, exp: undefined })],
    ["without a time", () => provider.logoutToken({ sub: "u-1", iat: undefined })],
    ["of another type", () => provider.logoutToken({ sub: "u-1" }, "at+jwt")],
    ["signed with the client's secret", () => provider.logoutToken({ sub: "u-1" }, "logout+jwt", "HS256")],
    ["that is none", () => Promise.resolve("a.b.c")],
    ["that is empty", () => Promise.resolve("")],
  ])("is not taken: a token %s", async (_, make) => {
    await signIn();
    const before = await generation();
    expect(await send(await make())).toBe(400);
    expect([(await ways()).session?.name, await generation()]).toEqual(["anna", before]);
  });

  test("is of a provider that is known, in a form", async () => {
    expect(await send(await provider.logoutToken({ sub: "u-1" }), url().replace("corp", "none"))).toBe(404);
    expect((await fetch(url(), { method: "POST", body: "{}" })).status).toBe(400);
    expect((await fetch(url())).status).toBe(405);
  });
});
