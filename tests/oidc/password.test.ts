import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Identity, SignIn } from "../../src/auth/index.ts";
import { RegistryError } from "../../src/oci/index.ts";
import { findAccountById } from "../../src/access/index.ts";
import { addAccount } from "./support/account-rows.ts";
import { Site } from "./support/site.ts";

let site: Site;

beforeEach(async () => {
  site = await Site.open();
  const id = await addAccount(site.database, { name: "anna" });
  site.serve([], passwords(id));
});
afterEach(() => site.close());

/** Knows anna's password, and a token of hers. */
function passwords(id: number): SignIn {
  const none = () => Promise.reject(new Error("not asked for here"));
  return {
    byPassword: async ({ username, password }): Promise<Identity> => {
      const account = await findAccountById(site.database.reads, id);
      if (!account || username !== account.name || !["right", "token", "limited"].includes(password))
        throw new RegistryError("login-failed", "the user name or the password is wrong", {
          detail: { user: username },
        });
      const limits = password === "limited" ? [{ pathPattern: "a/**", actions: ["pull"] as const }] : [];
      return { account, limits, expiresAtMs: undefined, isByPassword: password !== "token" };
    },
    vouchedUntilMs: () => Promise.resolve(Infinity),
    isAnybodyWaiting: () => false,
    byRefreshToken: none,
    createRefreshToken: none,
  };
}

const JSON_BODY = { "Content-Type": "application/json" };

function post(body: string, headers: Record<string, string> = JSON_BODY): Promise<Response> {
  return fetch(`${site.url}/sign-in/password`, { method: "POST", body, headers });
}

const right = JSON.stringify({ name: "anna", password: "right" });

test("a password makes a session, in the place of the one before", async () => {
  const planted = `berth-session=${"A".repeat(43)}`;
  const answer = await post(right, { ...JSON_BODY, Cookie: planted });
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const body = (await answer.json()) as { readonly csrfToken: string };
  expect(body).toMatchObject({ name: "anna", source: "local", mustChangePassword: false, systemRole: null });
  const [cookie = ""] = answer.headers.getSetCookie().map((text) => text.split(";")[0]);
  expect(cookie).not.toBe(planted);
  const shown = await fetch(`${site.url}/sign-in`, { headers: { Cookie: cookie } });
  expect(await shown.json()).toMatchObject({ password: true, session: { name: "anna", csrfToken: body.csrfToken } });
  const again = await post(right, { ...JSON_BODY, Cookie: cookie });
  expect(again.status).toBe(200);
  const old = await fetch(`${site.url}/sign-in`, { headers: { Cookie: cookie } });
  expect(await old.json()).toMatchObject({ session: null });
  expect(await site.acts()).toEqual(Array(2).fill("session.start success anna anna"));
});

test.each([
  ["a wrong password", JSON.stringify({ name: "anna", password: "wrong" }), 403],
  ["nobody", JSON.stringify({ name: "ben", password: "right" }), 403],
  ["a token, which is for programs", JSON.stringify({ name: "anna", password: "token" }), 403],
  [
    "a secret for some repositories, which the session would not know",
    JSON.stringify({ name: "anna", password: "limited" }),
    403,
  ],
  ["no JSON", "{", 400],
  ["another form", JSON.stringify({ name: ["anna"], password: "right" }), 400],
  ["nothing", "", 400],
  ["too much", JSON.stringify({ name: "anna", password: "x".repeat(70_000) }), 400],
])("%s makes none", async (_, body, status) => {
  const answer = await post(body);
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
  // A browser would ask for a password in a window of its own.
  expect(answer.headers.get("www-authenticate")).toBeNull();
});

test("a page of another site cannot sign a browser in", async () => {
  expect((await post(right, { ...JSON_BODY, Origin: "https://evil.example" })).status).toBe(403);
  expect((await post(right, { ...JSON_BODY, "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])
    expect((await post(right, { "Content-Type": type })).status).toBe(400);
  expect((await post(right, { ...JSON_BODY, Origin: site.url })).status).toBe(200);
});

test("there is none where nobody has a password", async () => {
  site.serve([]);
  expect((await post(right)).status).toBe(404);
});
