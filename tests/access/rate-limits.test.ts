import { expect, setDefaultTimeout, test } from "bun:test";

import { createUser } from "../support/change-accounts.ts";
import type { Answer } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const period = "1h";
const ratelimits = {
  anonymous: { requests: 3, period },
  users: { requests: 5, period },
  signins: { requests: 2, period },
};

/** The tests are the proxy, and come from an address of their own each. */
const berth = guardedWith((guarded) => guarded.user("alice"), {
  http: { trustedproxies: ["127.0.0.1"], ratelimits },
});

const from = (address: string) => ({ "x-forwarded-for": address });

async function statusesOf(count: number, ask: () => Promise<Answer>): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let asked = 0; asked < count; asked++) statuses.push((await ask()).status);
  return statuses;
}

test("a wrong password in a browser counts as one", async () => {
  const http = berth().anonymous(from("192.0.2.1"));
  const body = JSON.stringify({ name: "alice", password: "Wrong-Password-1" });
  const options = { body, headers: { "content-type": "application/json" } };
  expect(await statusesOf(3, () => http.post("/sign-in/password", options))).toEqual([403, 403, 429]);
});

test("a right password that must be changed first does not", async () => {
  await berth().change((accounts) =>
    createUser(accounts, { name: "newcomer", password: PASSWORD, mustChangePassword: true }, nobody),
  );
  const address = from("192.0.2.2");
  const ask = (name: string) => berth().as(name, PASSWORD, address).get("/token?service=berth");
  expect(await statusesOf(3, () => ask("newcomer"))).toEqual([401, 401, 401]);
  expect((await ask("alice")).status).toBe(200);
});

test("who asks for a token or at the management API is counted as who it is, and nobody by the address", async () => {
  await berth().user("bob");
  await berth().user("carol");
  const address = from("192.0.2.3");
  const asBob = berth().as("bob", PASSWORD, address);
  expect(await statusesOf(6, () => asBob.get("/token?service=berth"))).toEqual([200, 200, 200, 200, 200, 429]);
  expect((await asBob.get("/v2/")).status).toBe(429);
  const asCarol = berth().as("carol", PASSWORD, address);
  expect(await statusesOf(6, () => asCarol.get("/api/v1/me"))).toEqual([200, 200, 200, 200, 200, 429]);
  const nobody = berth().anonymous(address);
  expect(await statusesOf(4, () => nobody.get("/token?service=berth"))).toEqual([200, 200, 200, 429]);
  expect((await nobody.get("/token/jwks")).status).toBe(429);
});
