import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { LdapOptions, LdapTlsOptions } from "../../src/auth/ldap/options.ts";
import { makeCertificates } from "../support/certificates.ts";
import { requireProgram, requireRoot } from "../support/require-program.ts";
import { closeDirectories, openDirectory, searchOptions } from "./directory.ts";
import { baseDn, newGroup, newMember, newUser, type Samba, serverName, startSamba } from "./samba.ts";

const sambaProgram = requireProgram("samba", "samba-ad-dc");
const sambaTool = requireProgram("samba-tool", "samba");
const ldapmodify = requireProgram("ldapmodify", "ldap-utils");
// For the ports.
const root = requireRoot();
const missing = [sambaProgram, sambaTool, ldapmodify, root].find(({ isInstalled }) => !isInstalled);

let samba: Samba;

const accountDn = `CN=berth,CN=Users,${baseDn}`;
const unavailable = { kind: "unavailable" };
const inChain = "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))";

/** As the configuration does it for `kind: activedirectory`. */
const options = (changes: Partial<LdapOptions> = {}): LdapOptions =>
  searchOptions(samba.url, {
    bind: { kind: "search", dn: accountDn, password: "Berth-pw-123" },
    users: {
      baseDn,
      filter: "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={user})(userPrincipalName={user})))",
      extraFilter: undefined,
      attributes: { name: "sAMAccountName", displayName: "displayName", email: "mail", id: "objectGUID" },
    },
    ...changes,
  });
const open = (changes: Partial<LdapOptions> = {}) => openDirectory(options(changes));
const byPrincipalName = { bind: { kind: "direct", template: "{user}@example.test" } } as const;
const byDomain = { bind: { kind: "direct", template: "EXAMPLE\\{user}" } } as const;

const people = [
  newUser("berth", "Berth-pw-123"),
  newUser("alice", "Alice-pw-123", { displayName: "Alice Liddell", mail: "alice@example.test" }),
  newUser("disabled", "Disabled-pw-123", { userAccountControl: 514 }),
  newUser("expired", "Expired-pw-123", { accountExpires: "132000000000000000" }),
  newUser("fresh", "Fresh-pw-123", { pwdLastSet: 0 }),
  newUser("frank", "Frank-pw-123", { userPrincipalName: "frank.miller@example.test", employeeID: "mallory" }),
  newUser("mallory", "Mallory-pw-123"),
  newGroup("Registry Admins", "alice"),
  newGroup("Staff", "Registry Admins"),
  newGroup("Company", "Staff"),
  newGroup("Ring A", "alice"),
  newGroup("Ring B", "Ring A"),
  newMember("Ring A", "Ring B"),
];

(missing ?? root).describe("Active Directory", () => {
  beforeAll(async () => {
    samba = await startSamba({ samba: sambaProgram.path, sambaTool: sambaTool.path });
    await samba.change(people.join("\n"));
  }, 120_000);
  afterAll(() => samba.stop());
  afterEach(closeDirectories);

  describe.each([
    ["search and bind", {}],
    ["direct bind by principal name", byPrincipalName],
    ["direct bind by domain", byDomain],
  ] as const)("%s", (_, bind) => {
    test("knows whose password it is, and calls the account by its GUID", async () => {
      expect(await open(bind).checkPassword("alice", "Alice-pw-123")).toEqual({
        name: "alice",
        externalId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u),
        displayName: "Alice Liddell",
        email: "alice@example.test",
        groups: undefined,
      });
    });

    test.each(["wrong", "alice-pw-123"])("refuses %j as password", async (password) => {
      const outcome = await open(bind).checkPassword("alice", password);
      // This server says no more than that one of the two is wrong.
      expect(outcome).toBe("bind" in bind ? "unknown-user" : "wrong-password");
    });

    test("refuses no password at all", async () => {
      expect(await open(bind).checkPassword("alice", "")).toBe("wrong-password");
    });

    test.each(["nobody", "ali*", "*)(sAMAccountName=*", "\\00"])("knows nobody called %s", async (name) => {
      expect(await open(bind).checkPassword(name, "Alice-pw-123")).toBe("unknown-user");
    });

    test.each([
      ["disabled", "Disabled-pw-123", "the account is disabled"],
      ["expired", "Expired-pw-123", "the account has expired"],
      ["fresh", "Fresh-pw-123", "the password must be changed first"],
    ])("refuses who is %s, with the reason in the log alone", async (name, password, reason) => {
      const directory = open(bind);
      expect(await directory.checkPassword(name, password)).toBe("wrong-password");
      expect(directory.logged()).toContain(`reason="${reason}"`);
    });

    test("refuses who is disabled from then on", async () => {
      const directory = open(bind);
      const set = (control: number) =>
        samba.change(
          `dn: CN=frank,CN=Users,${baseDn}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: ${control}\n`,
        );
      const name = "bind" in bind && bind === byPrincipalName ? "frank.miller" : "frank";
      await set(514);
      expect(await directory.checkPassword(name, "Frank-pw-123")).toBe("wrong-password");
      expect(await directory.findUser?.("frank")).toBeUndefined();
      await set(512);
    });
  });

  test("takes the principal name for the account's name", async () => {
    expect(await open().checkPassword("alice@example.test", "Alice-pw-123")).toMatchObject({ name: "alice" });
    expect(await open().checkPassword("ALICE@EXAMPLE.TEST", "Alice-pw-123")).toMatchObject({ name: "alice" });
    expect(await open().checkPassword("frank.miller@example.test", "Frank-pw-123")).toMatchObject({ name: "frank" });
  });

  test("finds without a password who is there, by the name of the account alone", async () => {
    const found: unknown = await open().findUser?.("alice");
    expect(found).toEqual(await open().checkPassword("alice", "Alice-pw-123"));
    expect(await open().findUser?.("disabled")).toBeUndefined();
    expect(await open().findUser?.("frank.miller@example.test")).toBeUndefined();
  });

  test("does not give the account of one to another who binds by the name that it is found by", async () => {
    const directory = open({ ...byPrincipalName, users: { ...options().users, filter: "(employeeID={user})" } });
    expect(await directory.checkPassword("mallory", "Mallory-pw-123")).toBe("wrong-password");
    expect(directory.logged()).toContain(`the password is not that of CN=frank,CN=Users,${baseDn}`);
  });

  test("passes over a name of another domain", async () => {
    expect(await open(byPrincipalName).checkPassword("alice@example.test", "Alice-pw-123")).toBe("unknown-user");
    expect(await open(byDomain).checkPassword("EXAMPLE\\alice", "Alice-pw-123")).toBe("unknown-user");
  });

  describe("groups", () => {
    const direct = ["registry admins", "ring a"];
    const all = ["company", "registry admins", "ring a", "ring b", "staff"];

    test.each([
      ["by attribute", { kind: "attribute", attribute: "memberOf" }, 0, direct],
      ["by attribute, level by level", { kind: "attribute", attribute: "memberOf" }, 10, all],
      ["by search", { kind: "search", filter: "(&(objectClass=group)(member={dn}))" }, 0, direct],
      ["by search, level by level", { kind: "search", filter: "(&(objectClass=group)(member={dn}))" }, 10, all],
      ["by the rule that finds all at once", { kind: "search", filter: inChain }, 0, all],
    ] as const)("%s", async (_, source, maxDepth, names) => {
      for (const bind of [{}, byPrincipalName]) {
        const found = await open({ ...bind, groups: { ...source, baseDn, maxDepth } }).checkPassword(
          "alice",
          "Alice-pw-123",
        );
        const groups = typeof found === "string" ? [] : (found.groups ?? []);
        expect(groups.filter((group) => !group.includes("="))).toEqual([...names]);
        expect(groups).toContain("cn=registry admins,cn=users,dc=example,dc=test");
      }
    });

    test("let in only who is in one, at whatever depth", async () => {
      const extraFilter = `(memberOf:1.2.840.113556.1.4.1941:=CN=Company,CN=Users,${baseDn})`;
      const directory = open({ users: { ...options().users, extraFilter } });
      expect(await directory.checkPassword("alice", "Alice-pw-123")).toMatchObject({ name: "alice" });
      expect(await directory.checkPassword("frank", "Frank-pw-123")).toBe("unknown-user");
    });
  });

  describe.each([
    ["StartTLS", () => samba.url, true],
    ["LDAPS", () => samba.ldapsUrl, false],
  ] as const)("%s", (_, url, startTls) => {
    const overTls = (changes: Partial<LdapTlsOptions>) => {
      const tls = { startTls, caPath: samba.authority, serverName, skipVerify: false, ...changes };
      return open({ urls: [url()], tls });
    };

    test("speaks with a server that the right authority vouches for", async () => {
      expect(await overTls({}).checkPassword("alice", "Alice-pw-123")).toMatchObject({ name: "alice" });
    });

    test("does not speak with one that another vouches for, or of another name", async () => {
      const { authority } = await makeCertificates();
      for (const directory of [overTls({ caPath: authority }), overTls({ serverName: undefined })]) {
        const outcome = await directory.checkPassword("alice", "Alice-pw-123").catch((error: unknown) => error);
        expect(outcome).toMatchObject(unavailable);
      }
    });
  });
});
