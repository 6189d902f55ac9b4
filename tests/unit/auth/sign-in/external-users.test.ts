import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getUser } from "../../../../src/access/index.ts";
import { addGroupMapping, createGroup, createPersonalToken, disableUser } from "../../../support/change-accounts.ts";
import { HtpasswdSource } from "../../../../src/auth/index.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { BY } from "../../access/accounts/open-accounts.ts";
import { Directory, from, openSignIn, type OpenSignIn, PASSWORD } from "./open-sign-in.ts";

let open: OpenSignIn;
let corp: Directory;
let labs: Directory;
let htpasswd: HtpasswdSource;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "berth-sign-in-"));
  path = join(folder, "htpasswd");
  htpasswd = new HtpasswdSource(path, new Uint8Array(32), () => undefined);
  corp = new Directory("ldap:corp");
  labs = new Directory("ldap:labs");
  open = await openSignIn({ sources: [htpasswd, corp, labs] });
});
afterEach(async () => {
  await open.metadata.close();
  rmSync(folder, { recursive: true });
});

const HERE = from("192.0.2.1");
const signIn = (username: string, password: string, origin = HERE) =>
  open.signIn.byPassword({ username, password }, origin);
const failure = (act: Promise<unknown>) => act.catch((error: unknown) => error);
const refused = async (username: string, password: string) =>
  expect(await failure(signIn(username, password))).toMatchObject({ kind: "login-failed" });
const writeFile = async (...users: readonly (readonly [string, string])[]) => {
  const lines = users.map(async ([name, password]) => {
    const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
    return `${name}:${hash}\n`;
  });
  writeFileSync(path, (await Promise.all(lines)).join(""));
};

describe("a user of a directory", () => {
  test("signs in for the first time, and is asked of the same directory from then on", async () => {
    labs.add("anna", "secret");
    expect(await signIn("anna", "secret")).toMatchObject({
      account: { name: "anna", source: "ldap:labs" },
      isByPassword: true,
    });
    corp.add("anna", "other");
    const checks = corp.checks;
    await refused("anna", "other");
    expect(corp.checks).toBe(checks);
    labs.users.clear();
    open.time.atMs += 60_000;
    await refused("anna", "secret");
    await refused("anna", "other");
    expect((await open.acts()).slice(0, 2)).toEqual(["user.create success anna", "sign-in success anna"]);
  });

  test("whose password is wrong is not asked of the next", async () => {
    corp.add("anna", "secret");
    labs.add("anna", "other");
    await refused("anna", "other");
    expect(labs.checks).toBe(0);
  });

  test("is asked of the directory once in its life, whoever changes what", async () => {
    corp.add("anna", "secret");
    await signIn("anna", "secret");
    await open.addUser("ben");
    await signIn("anna", "secret", from("192.0.2.2"));
    open.time.atMs += 59_999;
    await signIn("anna", "secret");
    expect(corp.checks).toBe(1);
    open.time.atMs += 1;
    await signIn("anna", "secret");
    expect(corp.checks).toBe(2);
    expect((await open.acts()).filter((act) => act.startsWith("sign-in"))).toHaveLength(2);
  });

  test("that is disabled there is out within that life, that is disabled here at once", async () => {
    corp.add("anna", "secret");
    corp.add("ben", "secret");
    await signIn("anna", "secret");
    await signIn("ben", "secret");
    corp.users.delete("anna");
    await disableUser(open.accounts, "ben", BY);
    await refused("ben", "secret");
    open.time.atMs += 60_000;
    await refused("anna", "secret");
  });

  test("has the groups of the directory as of the last time it was asked", async () => {
    const { id } = await createGroup(open.accounts, { name: "devs" }, BY);
    await addGroupMapping(open.accounts, { group: "devs", source: "ldap:corp", externalName: "cn=devs" }, BY);
    corp.add("anna", "secret", ["cn=devs"]);
    expect((await signIn("anna", "secret")).account.groupIds).toEqual([id]);
    corp.add("anna", "secret", []);
    open.time.atMs += 60_000;
    expect((await signIn("anna", "secret")).account.groupIds).toEqual([]);
  });

  test("never is a local user of the same name, nor takes its account", async () => {
    await open.addUser("anna");
    corp.add("anna", "secret");
    await refused("anna", "secret");
    expect(corp.checks).toBe(0);
    expect(await signIn("anna", PASSWORD)).toMatchObject({ account: { source: "local" } });
    // A directory that does not tell upper from lower case.
    corp.users.set("Anna", { password: "secret", identity: { ...identityOf("anna") } });
    await refused("Anna", "secret");
    expect(await getUser(open.metadata.reads, "anna")).toMatchObject({ source: "local" });
  });

  test("is not found out while the directory does not answer", async () => {
    corp.checkPassword = () => Promise.reject(new RegistryError("unavailable", "the directory does not answer"));
    expect(await failure(signIn("anna", "secret"))).toMatchObject({ kind: "unavailable" });
    expect(await open.acts()).toEqual([]);
  });

  test("is nobody any more when the directory is no longer in the configuration", async () => {
    corp.add("anna", "secret");
    await signIn("anna", "secret");
    const { text } = await createPersonalToken(open.accounts, { user: "anna", name: "x", limits: [] }, BY);
    labs.add("anna", "secret");
    const without = await openSignIn({ accounts: open.accounts, sources: [labs] });
    const attempt = (password: string) => failure(without.signIn.byPassword({ username: "anna", password }, HERE));
    expect(await attempt("secret")).toMatchObject({ kind: "login-failed" });
    expect(await attempt(text)).toMatchObject({ kind: "login-failed" });
    await without.metadata.close();
  });

  test("costs one check when many come at once", async () => {
    corp.add("anna", "secret");
    const origins = Array.from({ length: 10 }, (_, index) => from(`198.51.100.${index}`));
    await Promise.all(origins.map((origin) => signIn("anna", "secret", origin)));
    expect(corp.checks).toBe(1);
  });

  function identityOf(name: string) {
    return { name, externalId: `id of ${name}`, displayName: undefined, email: undefined, groups: undefined };
  }
});

describe("a token of ours", () => {
  test("ends with its user in the directory, within the life of what it said", async () => {
    corp.add("anna", "secret");
    const identity = await signIn("anna", "secret");
    const refreshToken = await open.signIn.createRefreshToken(identity, HERE);
    const { text } = await createPersonalToken(open.accounts, { user: "anna", name: "x", limits: [] }, BY);
    await signIn("anna", text);
    await open.signIn.byRefreshToken(refreshToken, HERE);
    corp.users.clear();
    open.time.atMs += 60_000;
    await refused("anna", text);
    expect(await failure(open.signIn.byRefreshToken(refreshToken, HERE))).toMatchObject({ kind: "login-failed" });
  });

  test("gives the groups that the directory says meanwhile", async () => {
    const { id } = await createGroup(open.accounts, { name: "devs" }, BY);
    await addGroupMapping(open.accounts, { group: "devs", source: "ldap:corp", externalName: "cn=devs" }, BY);
    corp.add("anna", "secret", []);
    const refreshToken = await open.signIn.createRefreshToken(await signIn("anna", "secret"), HERE);
    corp.add("anna", "secret", ["cn=devs"]);
    expect((await open.signIn.byRefreshToken(refreshToken, HERE)).account.groupIds).toEqual([id]);
  });

  test("is not made to refresh by one of whom the directory can say nothing without a password", async () => {
    corp.add("anna", "secret");
    Object.defineProperty(corp, "findUser", { value: undefined });
    const identity = await signIn("anna", "secret");
    expect(identity.isByPassword).toBe(false);
    expect(await failure(open.signIn.createRefreshToken(identity, HERE))).toMatchObject({ kind: "denied" });
  });
});

describe("a user of the password file", () => {
  test("has an account, and what changes in the file counts at once", async () => {
    await writeFile(["anna", "one"], ["ben", "two"]);
    expect(await signIn("anna", "one")).toMatchObject({ account: { source: "htpasswd" } });
    expect(await signIn("ben", "two")).toMatchObject({ account: { name: "ben" } });
    await signIn("anna", "one");
    await writeFile(["anna", "three"]);
    await refused("anna", "one");
    await refused("ben", "two");
    expect(await signIn("anna", "three")).toMatchObject({ account: { name: "anna" } });
  });

  test("has tokens that end within a minute when it is gone from the file", async () => {
    await writeFile(["anna", "one"]);
    const refreshToken = await open.signIn.createRefreshToken(await signIn("anna", "one"), HERE);
    await open.signIn.byRefreshToken(refreshToken, HERE);
    await writeFile();
    open.time.atMs += 60_000;
    expect(await failure(open.signIn.byRefreshToken(refreshToken, HERE))).toMatchObject({ kind: "login-failed" });
  });

  test("that the file does not know may be in a directory", async () => {
    await writeFile(["anna", "one"]);
    corp.add("ben", "two");
    expect(await signIn("ben", "two")).toMatchObject({ account: { source: "ldap:corp" } });
  });
});
