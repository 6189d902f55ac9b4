import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type BrowserCookies, findCookie, setCookie } from "../../src/auth/sessions/cookies.ts";
import { refuseOtherSites, requireOwnPage } from "../../src/auth/sessions/require-own-page.ts";
import { WebSessions } from "../../src/auth/sessions/web-sessions.ts";
import {
  type MetadataDatabase,
  openSqlite,
  raiseAccountGeneration,
  removeWebSessionsOf,
} from "../../src/metadata/index.ts";
import { thrownBy } from "../support/thrown-error.ts";
import { addAccount } from "./support/account-rows.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 1_800_000_000_000;

const clock = { atMs: START_MS, nowMs: () => clock.atMs };
let database: MetadataDatabase;
let sessions: WebSessions;
let anna: number;

beforeEach(async () => {
  clock.atMs = START_MS;
  database = await openSqlite(":memory:");
  sessions = new WebSessions({
    metadata: database,
    options: { idleTimeoutMs: 8 * HOUR_MS, maxAgeMs: 7 * 24 * HOUR_MS },
    clock,
    random: randomBytes,
  });
  anna = await addAccount(database, { name: "anna" });
});
afterEach(() => database.close());

const stranger: BrowserCookies = { header: null, isSecure: true };

/** What the browser sends after it was told to keep a cookie. */
function browserWith(cookie: string, isSecure = true): BrowserCookies {
  return { header: `theme=dark; ${cookie.split(";")[0] ?? ""}`, isSecure };
}

function start(browser = stranger) {
  const account = { id: anna, generation: 1 };
  return database.transaction((queries) => sessions.start(queries, { account, source: "local" }, browser));
}

function rows() {
  return database.reads.selectFrom("web_sessions").selectAll().execute();
}

describe("a browser", () => {
  test("is who signed in", async () => {
    const { cookie, csrfToken } = await start();
    const found = await sessions.find(browserWith(cookie));
    expect(found).toMatchObject({ account: { id: anna, name: "anna" }, csrfToken, source: "local" });
  });

  test("is nobody who was taken back while they signed in", async () => {
    await database.transaction((queries) => raiseAccountGeneration(queries, anna));
    expect(await start().catch((error: unknown) => error)).toMatchObject({ kind: "denied" });
    expect(await rows()).toEqual([]);
  });

  test("is nobody without the cookie, with another, or with two", async () => {
    const { cookie } = await start();
    const [pair = ""] = cookie.split(";");
    const headers = [
      null,
      "",
      pair.slice(0, -1),
      `${pair}x`,
      "__Host-berth=",
      pair.replace("__Host-berth", "berth-session"),
    ];
    for (const header of [...headers, `${pair}; ${pair}`, `${pair}; __Host-berth=other`])
      expect(await sessions.find({ header, isSecure: true })).toBeUndefined();
    expect(await sessions.find({ header: pair, isSecure: false })).toBeUndefined();
  });

  test("gets a cookie that no script and no other site can use", async () => {
    expect((await start()).cookie).toMatch(/^__Host-berth=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    const plain = await start({ header: null, isSecure: false });
    expect(plain.cookie).toMatch(/^berth-session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(await sessions.find(browserWith(plain.cookie, false))).toBeDefined();
  });

  test("leaves nothing in the database that signs anybody in", async () => {
    const { cookie } = await start();
    const [, id = ""] = /=([^;]+)/.exec(cookie) ?? [];
    expect(id).toHaveLength(43);
    expect(JSON.stringify(await rows())).not.toContain(id);
  });

  test("gets a new cookie at each sign-in, and the old one is worth nothing", async () => {
    const planted = { header: `__Host-berth=${"A".repeat(43)}`, isSecure: true };
    const first = await start(planted);
    expect(await sessions.find(planted)).toBeUndefined();
    const second = await start(browserWith(first.cookie));
    expect(second.cookie).not.toBe(first.cookie);
    expect(await sessions.find(browserWith(first.cookie))).toBeUndefined();
    expect(await rows()).toHaveLength(1);
  });

  test("is nobody once it has signed out, or somebody ended all sessions of the account", async () => {
    const [one, other] = [await start(), await start()];
    const cleared = await database.transaction((queries) => sessions.end(queries, browserWith(one.cookie)));
    expect(cleared).toBe("__Host-berth=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
    expect(await sessions.find(browserWith(one.cookie))).toBeUndefined();
    expect(await sessions.find(browserWith(other.cookie))).toBeDefined();
    await database.transaction((queries) => removeWebSessionsOf(queries, anna));
    expect(await sessions.find(browserWith(other.cookie))).toBeUndefined();
  });

  test.each([
    ["disabled", { is_disabled: 1 }],
    ["over", { expires_at_ms: START_MS }],
  ] as const)("is nobody while the account is %s", async (_, values) => {
    const { cookie } = await start();
    await database.transaction((queries) => queries.updateTable("accounts").set(values).execute());
    expect(await sessions.find(browserWith(cookie))).toBeUndefined();
  });

  test("is nobody once the account is gone", async () => {
    const { cookie } = await start();
    await database.transaction((queries) => queries.deleteFrom("accounts").execute());
    expect(await sessions.find(browserWith(cookie))).toBeUndefined();
  });
});

describe("a session ends", () => {
  test("when nothing was asked for long", async () => {
    const { cookie } = await start();
    clock.atMs += 8 * HOUR_MS - 1;
    expect(await sessions.find(browserWith(cookie))).toBeDefined();
    clock.atMs += 8 * HOUR_MS - 1;
    expect(await sessions.find(browserWith(cookie))).toBeDefined();
    clock.atMs += 8 * HOUR_MS;
    expect(await sessions.find(browserWith(cookie))).toBeUndefined();
  });

  test("after its time, however busy it is", async () => {
    const { cookie } = await start();
    const endMs = START_MS + 7 * 24 * HOUR_MS;
    while (clock.atMs + 6 * HOUR_MS < endMs) {
      clock.atMs += 6 * HOUR_MS;
      expect(await sessions.find(browserWith(cookie))).toBeDefined();
    }
    clock.atMs = endMs - 1;
    expect(await sessions.find(browserWith(cookie))).toBeDefined();
    clock.atMs = endMs;
    expect(await sessions.find(browserWith(cookie))).toBeUndefined();
  });

  test("and its row goes at somebody's next sign-in", async () => {
    await start();
    clock.atMs += 9 * HOUR_MS;
    await start();
    expect(await rows()).toHaveLength(1);
  });

  test("and when it was seen is written once a minute", async () => {
    const { cookie } = await start();
    const seenAfterMs = async (ms: number) => {
      clock.atMs = START_MS + ms;
      await sessions.find(browserWith(cookie));
      return ((await rows())[0]?.seen_at_ms ?? 0) - START_MS;
    };
    expect(await seenAfterMs(59_999)).toBe(0);
    expect(await seenAfterMs(MINUTE_MS)).toBe(MINUTE_MS);
    expect(await seenAfterMs(MINUTE_MS + 59_999)).toBe(MINUTE_MS);
  });
});

describe("a request that changes something", () => {
  const own = "https://registry.example";
  const token = "the-token";
  const request = (headers: Record<string, string>, method = "POST") => ({
    method,
    headers: new Headers(headers),
    ownOrigin: own,
  });

  test.each([
    ["with the origin", { origin: own, "x-csrf-token": token }],
    ["with the site", { "sec-fetch-site": "same-origin", "x-csrf-token": token }],
    [
      "with both, behind a proxy that hides the origin",
      { "sec-fetch-site": "same-origin", origin: "http://a", "x-csrf-token": token },
    ],
  ])("comes from our own page: %s", (_, headers) =>
    expect(() => requireOwnPage(request(headers), { csrfToken: token })).not.toThrow(),
  );

  test.each([
    ["without the token", { origin: own }],
    ["with an empty token", { origin: own, "x-csrf-token": "" }],
    ["with another token", { origin: own, "x-csrf-token": "other" }],
    ["without saying from where", { "x-csrf-token": token }],
    ["from another origin", { origin: "https://evil.example", "x-csrf-token": token }],
    ["from another port", { origin: `${own}:8443`, "x-csrf-token": token }],
    ["without HTTPS", { origin: "http://registry.example", "x-csrf-token": token }],
    ["from a page without origin", { origin: "null", "x-csrf-token": token }],
    ["from a neighbour", { "sec-fetch-site": "same-site", origin: own, "x-csrf-token": token }],
    ["from another site", { "sec-fetch-site": "cross-site", "x-csrf-token": token }],
    ["from the address bar", { "sec-fetch-site": "none", "x-csrf-token": token }],
  ])("is refused: %s", (_, headers) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      expect(thrownBy(() => requireOwnPage(request(headers, method), { csrfToken: token })).kind).toBe("denied");
  });

  test("is refused where the request says no host, so that no page is our own", () => {
    const bare = { ...request({ origin: "null", "x-csrf-token": token }), ownOrigin: "" };
    expect(thrownBy(() => requireOwnPage(bare, { csrfToken: token })).kind).toBe("denied");
    expect(thrownBy(() => refuseOtherSites(bare)).kind).toBe("denied");
  });

  test("is not one that reads", () => {
    for (const method of ["GET", "HEAD"])
      expect(() => requireOwnPage(request({}, method), { csrfToken: token })).not.toThrow();
  });

  test("without a session comes from our own page or from a program", () => {
    for (const headers of [{}, { origin: own }, { "sec-fetch-site": "same-origin" }])
      expect(() => refuseOtherSites(request({ ...headers }))).not.toThrow();
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }])
      expect(thrownBy(() => refuseOtherSites(request({ ...headers }))).kind).toBe("denied");
  });
});

test("a cookie is read as it was set", () => {
  const header = setCookie({ name: "a", value: "v", isSecure: true, maxAgeSeconds: 5 });
  expect(header).toBe("__Host-a=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=5");
  expect(findCookie({ header: "b=1;  __Host-a=v ; c", isSecure: true }, "a")).toBe("v");
});
