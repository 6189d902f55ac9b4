import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { resetPassword } from "../../../support/change-accounts.ts";
import type { SignIn } from "../../../../src/auth/index.ts";
import type { RegistryError } from "../../../../src/oci/index.ts";
import { BY } from "./open-accounts.ts";
import { from, openSignIn, type OpenSignIn, PASSWORD } from "../../auth/sign-in/open-sign-in.ts";

let open: OpenSignIn;
beforeEach(async () => {
  open = await openSignIn();
  await open.addUser("anna");
});
afterEach(() => open.metadata.close());

/** `ok`, what kind of failure, or how many seconds to wait. */
async function attempt(
  { username = "anna", password = "wrong", address = "192.0.2.1" } = {},
  signIn: SignIn = open.signIn,
): Promise<string | number> {
  try {
    await signIn.byPassword({ username, password }, from(address));
    return "ok";
  } catch (thrown) {
    const { kind, details } = thrown as RegistryError;
    return kind === "too-many-requests" ? (details[0] as { retryAfterSeconds: number }).retryAfterSeconds : kind;
  }
}

/** Every attempt is from an address of its own. */
let addresses = 0;
const elsewhere = () => `198.51.${Math.floor(addresses / 250)}.${addresses++ % 250}`;

async function fail(times: number, attempted: () => Promise<string | number>): Promise<void> {
  for (let time = 0; time < times; time++) expect(await attempted()).toBe("login-failed");
}

describe("an account", () => {
  const guess = () => attempt({ address: "203.0.113.1" });

  test("waits after five failures, each time twice as long, a quarter of an hour at most", async () => {
    await fail(5, guess);
    const waits: (string | number)[] = [];
    for (let time = 0; time < 12; time++) {
      const wait = await guess();
      waits.push(wait);
      open.time.atMs += Number(wait) * 1000 - 1;
      expect(await guess()).toBe(1);
      open.time.atMs += 1;
      expect(await guess()).toBe("login-failed");
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  test("waits with the right password too, and in every process, where it was guessed at", async () => {
    const right = { password: PASSWORD, address: "203.0.113.1" };
    await fail(5, guess);
    expect(await attempt(right)).toBe(1);
    expect(await attempt(right, open.anotherProcess())).toBe(1);
    open.time.atMs += 1000;
    expect(await attempt(right)).toBe("ok");
  });

  test("does not wait elsewhere, in no process, whatever one address guesses", async () => {
    await fail(5, guess);
    for (let time = 0; time < 14; time++) {
      open.time.atMs += 900_000;
      expect(await guess()).toBe("login-failed");
    }
    expect(await attempt({ password: PASSWORD, address: elsewhere() })).toBe("ok");
    expect(await attempt({ password: PASSWORD, address: elsewhere() }, open.anotherProcess())).toBe("ok");
  });

  test("waits everywhere after a hundred failures from many addresses, until an administrator gives a new password", async () => {
    await fail(100, () => attempt({ address: elsewhere() }));
    expect(await attempt({ password: PASSWORD, address: elsewhere() })).toBe(1);
    expect(await attempt({ password: PASSWORD, address: elsewhere() }, open.anotherProcess())).toBe(1);
    await resetPassword(open.accounts, { name: "anna", password: "another good password" }, BY);
    expect(await attempt({ password: "another good password", address: elsewhere() })).toBe("ok");
  });

  test("begins anew after it was right from there, and for others not", async () => {
    await fail(4, guess);
    expect(await attempt({ password: PASSWORD, address: "203.0.113.1" })).toBe("ok");
    await fail(4, guess);
    expect(await attempt({ password: PASSWORD, address: elsewhere() })).toBe("ok");
    await fail(1, guess);
    expect(await guess()).toBe(1);
  });

  test("begins anew after an hour", async () => {
    await fail(4, guess);
    open.time.atMs += 60 * 60 * 1000;
    await fail(5, guess);
    expect(await guess()).toBe(1);
  });

  test("goes on for who is known, while others guess", async () => {
    expect(await attempt({ password: PASSWORD, address: "203.0.113.1" })).toBe("ok");
    await fail(5, guess);
    expect(await attempt({ password: PASSWORD, address: "203.0.113.1" })).toBe("ok");
    expect(await attempt({ password: PASSWORD, address: "203.0.113.1" }, open.anotherProcess())).toBe(1);
  });

  test("has no more attempts under other ways to write it", async () => {
    for (const username of ["anna", "Anna", "aNNA", "ANNA", "anNa"])
      expect(await attempt({ username, address: "203.0.113.1" })).toBe("login-failed");
    expect(await guess()).toBe(1);
  });

  test("has no more attempts when they come at once", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => attempt({ password: `guess ${index}`, address: "203.0.113.1" })),
    );
    expect(outcomes.filter((outcome) => outcome === "login-failed")).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 1)).toHaveLength(15);
  });

  test("is not counted anew for what waits, nor recorded", async () => {
    await fail(5, guess);
    for (let time = 0; time < 5; time++) expect(await guess()).toBe(1);
    expect((await open.acts()).filter((act) => act.startsWith("sign-in"))).toHaveLength(5);
  });
});

describe("an address", () => {
  let names = 0;
  const guess = (address = "192.0.2.1") => attempt({ username: `user-${names++}`, address });

  test("waits after twenty failures, whatever the names", async () => {
    await fail(20, guess);
    expect(await guess()).toBe(1);
    expect(await attempt({ password: PASSWORD })).toBe(1);
    expect(await guess("192.0.2.2")).toBe("login-failed");
    open.time.atMs += 1000;
    expect(await guess()).toBe("login-failed");
    expect(await guess()).toBe(2);
  });

  test("does not begin anew after one of its accounts was right", async () => {
    await fail(19, guess);
    expect(await attempt({ password: PASSWORD })).toBe("ok");
    await fail(1, guess);
    expect(await guess()).toBe(1);
  });

  test("does not guess at what is known of it while it waits", async () => {
    expect(await attempt({ password: PASSWORD })).toBe("ok");
    await fail(20, guess);
    expect(await attempt({ password: PASSWORD })).toBe(1);
  });

  test("of IPv6 is its network", async () => {
    for (let host = 1; host <= 20; host++) await guess(`2001:db8:1:2::${host}`);
    expect(await guess("2001:db8:1:2:ffff::1")).toBe(1);
    expect(await guess("2001:db8:1:3::1")).toBe("login-failed");
  });
});

test("what nobody needs any more is removed", async () => {
  for (let time = 0; time < 3; time++) await attempt({ username: `user-${time}`, address: elsewhere() });
  open.time.atMs += 60 * 60 * 1000 + 1;
  await attempt({ username: "last", address: "192.0.2.7" });
  const rows = await open.metadata.reads.selectFrom("sign_in_failures").select("key").orderBy("key").execute();
  expect(rows.map(({ key }) => key)).toEqual(["account:last", "account:last\t192.0.2.7", "address:192.0.2.7"]);
});
