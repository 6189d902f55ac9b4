import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { createPersonalToken } from "../support/change-accounts.ts";
import { findSignInFailures, putSignInFailures } from "../../src/metadata/index.ts";
import type { Answer } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const WRONG = "Wrong-Password-1";

/** The tests are the proxy. */
const proxied = guardedWith((berth) => berth.user("alice"), { http: { trustedproxies: ["127.0.0.1"] } });
const direct = guardedWith((berth) => berth.user("alice"));

const from = (address: string) => ({ "x-forwarded-for": address });

async function failuresOf(berth: typeof proxied, key: string): Promise<number> {
  return (await findSignInFailures(berth().metadata.reads, key))?.failures ?? 0;
}

/** As after so many failures, with a wait that no test is slow enough to outlast. */
async function lockOut(
  berth: typeof proxied,
  key: string,
  { failures, waitMs } = { failures: 50, waitMs: 600_000 },
): Promise<void> {
  const nowMs = Date.now();
  const row = { key, failures, failedAtMs: nowMs, blockedUntilMs: nowMs + waitMs };
  await berth().change(({ metadata }) => metadata.transaction((queries) => putSignInFailures(queries, row)));
}

function expectToWait(answer: Answer): void {
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeWithin(300, 601);
}

describe("who guesses the password of an account", () => {
  test("waits after five times, at each door and with the right one too", async () => {
    await proxied().user("bob");
    const doors: readonly ((password: string) => Promise<Answer>)[] = [
      (password) => proxied().as("bob", password, from("192.0.2.1")).get("/v2/"),
      (password) => proxied().as("bob", password, from("192.0.2.1")).get("/token?service=berth"),
      (password) => proxied().postToken({ grant_type: "password", username: "bob", password }, from("192.0.2.1")),
      (password) =>
        proxied()
          .anonymous(from("192.0.2.1"))
          .post("/sign-in/password", {
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ name: "bob", password }),
          }),
      (password) => proxied().as("BOB", password, from("192.0.2.1")).get("/v2/"),
    ];
    for (const door of doors) expect((await door(WRONG)).status).toBeOneOf([401, 403]);
    // All of them count together.
    expect(await failuresOf(proxied, "account:bob")).toBe(5);
    await lockOut(proxied, "account:bob\t192.0.2.1");
    for (const door of doors) expectToWait(await door(PASSWORD));
    expectToWait(await proxied().as("bob", PASSWORD, from("192.0.2.1")).get("/api/v1/me"));
    expect(await failuresOf(proxied, "account:bob")).toBe(5);
    expect((await proxied().as("bob", PASSWORD, from("192.0.2.2")).get("/v2/")).status).toBe(200);
  });

  test("has no more attempts when they come at once", async () => {
    await proxied().user("carl");
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, guess) =>
        proxied().as("carl", `${WRONG}${guess}`, from("198.51.100.1")).get("/v2/"),
      ),
    );
    const tried = answers.filter(({ status }) => status === 401).length;
    // One may come through for each second that the machine is slow.
    expect(tried).toBe(await failuresOf(proxied, "account:carl"));
    expect(tried).toBeWithin(5, 9);
    for (const { status } of answers) expect(status).toBeOneOf([401, 429]);
  });

  test("keeps out neither others, nor who was signed in before, nor programs with a token", async () => {
    await proxied().user("dora");
    const home = proxied().as("dora", PASSWORD, from("203.0.113.10"));
    expect((await home.get("/v2/")).status).toBe(200);
    const bearer = proxied().bearer(await proxied().token([], { name: "dora" }));
    const personal = await proxied().change((accounts) =>
      createPersonalToken(accounts, { user: "dora", name: "ci", limits: [] }, nobody),
    );
    await lockOut(proxied, "account:dora");
    expectToWait(await proxied().as("dora", PASSWORD, from("203.0.113.99")).get("/v2/"));
    expect((await home.get("/v2/")).status).toBe(200);
    expect((await bearer.get("/v2/")).status).toBe(200);
    expect((await proxied().as("dora", personal.text, from("203.0.113.99")).get("/v2/")).status).toBe(200);
    expect((await proxied().as("alice", PASSWORD, from("203.0.113.99")).get("/v2/")).status).toBe(200);
  });
});

describe("an address that guesses", () => {
  test("is counted whatever the names, and waits with all of them", async () => {
    const names = ["alice", "one", "two", "three", "alice"];
    for (const name of names) await proxied().as(name, WRONG, from("192.0.2.50")).get("/v2/");
    expect(await failuresOf(proxied, "address:192.0.2.50")).toBe(5);
    await lockOut(proxied, "address:192.0.2.50");
    for (const name of ["alice", "one", "never-named"])
      expectToWait(await proxied().as(name, PASSWORD, from("192.0.2.50")).get("/v2/"));
    expect((await proxied().as("alice", PASSWORD, from("192.0.2.51")).get("/v2/")).status).toBe(200);
  });

  test("does not get past its wait by guessing what somebody else sends from there all the time", async () => {
    await proxied().user("emil");
    const home = proxied().as("emil", PASSWORD, from("192.0.2.55"));
    expect((await home.get("/v2/")).status).toBe(200);
    await lockOut(proxied, "address:192.0.2.55", { failures: 40, waitMs: 0 });
    expect((await proxied().as("somebody", WRONG, from("192.0.2.55")).get("/v2/")).status).toBe(401);
    expect((await home.get("/v2/")).status).toBe(429);
    expect((await home.get("/token?service=berth")).status).toBe(429);
  });

  test("is the one that the trusted proxy saw, whatever else the client says", async () => {
    await lockOut(proxied, "address:192.0.2.60");
    const spoofs = [
      from("192.0.2.60"),
      from("198.51.100.1, 192.0.2.60"),
      from("127.0.0.1, 192.0.2.60"),
      from("192.0.2.60, 127.0.0.1"),
      from("unknown, 192.0.2.60"),
      from("::1, 192.0.2.60:4711"),
      { ...from("192.0.2.60"), forwarded: "for=198.51.100.1" },
      { ...from("192.0.2.60"), "x-real-ip": "198.51.100.1" },
      { ...from("192.0.2.60"), "x-client-ip": "198.51.100.1", "true-client-ip": "198.51.100.1" },
      from("::ffff:192.0.2.60"),
    ];
    for (const headers of spoofs) expectToWait(await proxied().as("alice", PASSWORD, headers).get("/v2/"));
  });

  test("of IPv6 is all that one caller has", async () => {
    await lockOut(proxied, "address:2001:db8:1:2::/64");
    for (const address of ["2001:db8:1:2::1", "2001:0DB8:1:2:aaaa::7", "[2001:db8:1:2::9]:443"])
      expectToWait(await proxied().as("alice", PASSWORD, from(address)).get("/v2/"));
    expect((await proxied().as("alice", PASSWORD, from("2001:db8:1:3::1")).get("/v2/")).status).toBe(200);
  });

  test("is the connection's where no proxy is trusted", async () => {
    for (const address of ["192.0.2.70", "192.0.2.71"])
      await direct()
        .as("alice", WRONG, { ...from(address), forwarded: `for=${address}` })
        .get("/v2/");
    expect(await failuresOf(direct, "address:192.0.2.70")).toBe(0);
    expect(await failuresOf(direct, "account:alice")).toBe(2);
    const failed = (await direct().acts("sign-in")).filter(({ outcome }) => outcome === "failure");
    expect(failed.map(({ address }) => address)).toEqual(["127.0.0.1", "127.0.0.1"]);
  });
});
