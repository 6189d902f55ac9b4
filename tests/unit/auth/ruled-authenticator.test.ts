import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AccessDirectory, findAccount } from "../../../src/access/index.ts";
import { createRobot, updateRobot, updateUser } from "../../support/change-accounts.ts";
import { type Identity, RuledAuthenticator, type SignIn } from "../../../src/auth/index.ts";
import { RegistryError } from "../../../src/oci/index.ts";
import { BY } from "../access/accounts/open-accounts.ts";
import { openSignIn, type OpenSignIn, PASSWORD } from "./sign-in/open-sign-in.ts";

const AT = { address: "192.0.2.1", requestId: "r-1" };
const TOKEN_LIFE_MS = 15 * 60_000;

let open: OpenSignIn;
let authenticator: RuledAuthenticator;
/** What a directory says of who comes with a token. */
let vouched: () => Promise<number | undefined>;
/** Runs before a sign-in is answered. */
let meanwhile: () => Promise<unknown>;
let outsideVersion: number;
beforeEach(async () => {
  open = await openSignIn();
  await open.addUser("root");
  await open.addUser("anna");
  meanwhile = () => Promise.resolve();
  outsideVersion = 0;
  vouched = () => Promise.resolve(Infinity);
  authenticator = openAuthenticator();
});
afterEach(() => open.metadata.close());

function openAuthenticator(): RuledAuthenticator {
  const clock = { nowMs: () => open.time.atMs };
  const directory = new AccessDirectory({ metadata: open.metadata, clock });
  const signIn: SignIn = {
    byPassword: async (credentials, from): Promise<Identity> => {
      const identity = await open.signIn.byPassword(credentials, from);
      await meanwhile();
      return identity;
    },
    byRefreshToken: (token, from) => open.signIn.byRefreshToken(token, from),
    createRefreshToken: (identity, from) => open.signIn.createRefreshToken(identity, from),
    vouchedUntilMs: () => vouched(),
    isAnybodyWaiting: () => open.signIn.isAnybodyWaiting(),
  };
  const verifyExpired = (name: string) => tokenOf(name, open.time.atMs);
  const tokens = { verify: verifyExpired, verifyExpired };
  const parts = { directory, signIn, tokens, clock, challenge: () => "" };
  return new RuledAuthenticator({ ...parts, processKey: new Uint8Array(32), outsideVersion: () => outsideVersion });
}

/** A token is the name of its account with dots, which began at the beginning. */
const begunAtMs = 1_000_000_000_000;
async function tokenOf(text: string, nowMs: number) {
  const subject = text.replace(".", "+");
  const account = await findAccount(open.metadata.reads, subject);
  const times = { issuedAtMs: begunAtMs, expiresAtMs: begunAtMs + TOKEN_LIFE_MS };
  const generation = account?.generation ?? 0;
  return { subject, generation, access: [], limits: [], ...times, isExpired: nowMs >= times.expiresAtMs };
}

function basic(password: string, username = "anna"): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function outcomeOf(authorization: string, from = AT): Promise<string> {
  try {
    return (await authenticator.authenticate(authorization, from)).principal.kind;
  } catch (thrown) {
    return (thrown as RegistryError).kind;
  }
}

describe("a password", () => {
  test("that is locked out is not told by its owner being in", async () => {
    expect(await outcomeOf(basic(PASSWORD))).toBe("user");
    for (let guess = 0; guess < 5; guess++)
      expect(await outcomeOf(basic(`guess ${guess}`), { ...AT, address: "198.51.100.9" })).toBe("login-failed");
    expect(await outcomeOf(basic("another guess"), { ...AT, address: "198.51.100.9" })).toBe("too-many-requests");
    expect(await outcomeOf(basic(PASSWORD), { ...AT, address: "198.51.100.9" })).toBe("too-many-requests");
    expect(await outcomeOf(basic(PASSWORD))).toBe("user");
  });

  test("that was checked while its account changed is not known with what was before", async () => {
    const makeAdministrator = (systemRole: "administrator" | null) =>
      updateUser(open.accounts, { name: "anna", changes: { systemRole } }, BY);
    await updateUser(open.accounts, { name: "root", changes: { systemRole: "administrator" } }, BY);
    await makeAdministrator("administrator");
    meanwhile = () => makeAdministrator(null);
    await authenticator.authenticate(basic(PASSWORD), AT);
    meanwhile = () => Promise.resolve();
    vouched = () => Promise.resolve(Infinity);
    const caller = await authenticator.authenticate(basic(PASSWORD), AT);
    expect(caller.refusalOf({ path: "team/app", action: "push" })).toBe("rules");
  });

  test("that was checked while a password file changed is checked again", async () => {
    meanwhile = async () => {
      meanwhile = () => Promise.resolve();
      outsideVersion = 1;
      await authenticator.authenticate(basic(PASSWORD, "root"), AT);
    };
    await authenticator.authenticate(basic(PASSWORD), AT);
    let checks = 0;
    meanwhile = () => Promise.resolve(checks++);
    for (const _ of ["checked", "known"]) await authenticator.authenticate(basic(PASSWORD), AT);
    expect(checks).toBe(1);
  });
});

describe("a token", () => {
  test("ends with its account, also where it was good a moment ago", async () => {
    await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
    const changes = { expiresAtMs: open.time.atMs + 60_000 };
    await updateRobot(open.accounts, { name: "team+ci", changes }, BY);
    expect(await outcomeOf("Bearer team.ci")).toBe("robot");
    open.time.atMs += 59_999;
    expect(await outcomeOf("Bearer team.ci")).toBe("robot");
    open.time.atMs += 1;
    expect(await outcomeOf("Bearer team.ci")).toBe("token-invalid");
  });
});

describe("a token of somebody whom a directory knows", () => {
  const bearer = "Bearer anna";

  test("is good as long as the directory says so, which is asked now and then", async () => {
    vouched = () => Promise.resolve(open.time.atMs + 1000);
    expect(await outcomeOf(bearer)).toBe("user");
    vouched = () => Promise.resolve(undefined);
    expect(await outcomeOf(bearer)).toBe("user");
    open.time.atMs += 1000;
    expect(await outcomeOf(bearer)).toBe("token-invalid");
  });

  test("is good while the directory cannot be asked", async () => {
    vouched = () => Promise.reject(new RegistryError("unavailable", "no answer"));
    expect(await outcomeOf(bearer)).toBe("user");
  });
});
