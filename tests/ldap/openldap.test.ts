import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { ConnectionPool } from "../../src/auth/ldap/connection-pool.ts";
import { LdapConnection } from "../../src/auth/ldap/ldap-connection.ts";
import { LdapServers } from "../../src/auth/ldap/ldap-servers.ts";
import type { LdapGroupSource, LdapOptions, LdapTlsOptions } from "../../src/auth/ldap/options.ts";
import { makeCertificates } from "../support/certificates.ts";
import { takeFreePort } from "../support/free-port.ts";
import { requireProgram } from "../support/require-program.ts";
import { until } from "../support/until.ts";
import { logTo } from "../unit/http/health/log-to.ts";
import { closeDirectories, connectionsTo, openDirectory, searchOptions } from "./directory.ts";
import { startFront } from "./front.ts";
import { accountDn, accountPassword, baseDn, type Slapd, startSlapd } from "./slapd.ts";

const slapdProgram = requireProgram("slapd");
const ldapmodify = requireProgram("ldapmodify", "ldap-utils");

let slapd: Slapd;

afterEach(closeDirectories);

const open = (changes: Partial<LdapOptions> = {}) => openDirectory(searchOptions(slapd.url, changes));
const plain = searchOptions("").tls;
const users = searchOptions("").users;
const direct = { kind: "direct", template: `uid={user},ou=people,${baseDn}` } as const;
const unavailable = { kind: "unavailable" };

(ldapmodify.isInstalled ? slapdProgram : ldapmodify).describe("OpenLDAP", () => {
  beforeAll(async () => {
    slapd = await startSlapd(slapdProgram.path);
  });
  afterAll(() => slapd.stop());

  describe.each([
    ["search and bind", {}],
    ["direct bind", { bind: direct }],
  ] as const)("%s", (_, bind) => {
    test("knows whose password it is", async () => {
      expect(await open(bind).checkPassword("alice", "pw-alice")).toEqual({
        name: "alice",
        externalId: expect.stringMatching(/^[0-9a-f-]{36}$/u),
        displayName: "Alice Liddell",
        email: "alice@example.com",
        groups: undefined,
      });
    });

    test("gives the name as the directory writes it", async () => {
      expect(await open(bind).checkPassword("ALICE", "pw-alice")).toMatchObject({ name: "alice" });
    });

    test.each(["wrong", "pw-bob", "pw-alice ", "PW-ALICE", "*"])("refuses %j as password", async (password) => {
      const outcome = await open(bind).checkPassword("alice", password);
      expect(outcome).toBe("bind" in bind ? "unknown-user" : "wrong-password");
    });

    test.each(["", "\0", "\0pw-alice", "pw-alice\0"])("refuses %j as password without asking", async (password) => {
      expect(await open({ ...bind, urls: [] }).checkPassword("alice", password)).toBe("wrong-password");
    });

    test.each(["", "alice\0", "al\nice", "\u0085alice", "a".repeat(257)])(
      "knows nobody called %j, without asking",
      async (name) => {
        expect(await open({ ...bind, urls: [] }).checkPassword(name, "pw-alice")).toBe("unknown-user");
      },
    );

    test.each([
      "nobody",
      "*",
      "a*",
      "*)(uid=*",
      "alice)(|(uid=*",
      "*)(objectClass=*))(|(uid=*",
      "\\00",
      "\\2a",
      "al\\69ce",
      "alice,ou=people",
      "alice+cn=alice",
      "bob,ou=people,dc=example,dc=com#",
      "{user}",
      "{dn}",
    ])("knows nobody called %s", async (name) => {
      expect(await open(bind).checkPassword(name, "pw-alice")).toBe("unknown-user");
    });

    test("knows who has such characters in the name", async () => {
      expect(await open(bind).checkPassword("zoë, jr+*", "pw-zoë")).toMatchObject({ name: "zoë, jr+*" });
    });

    test("lets in only who fulfils the extra filter", async () => {
      const extraFilter = `(memberOf=cn=developers,ou=groups,${baseDn})`;
      const directory = open({ ...bind, users: { ...users, extraFilter } });
      expect(await directory.checkPassword("bob", "pw-bob")).toMatchObject({ name: "bob" });
      expect(await directory.checkPassword("carol", "pw-carol")).toBe("unknown-user");
    });

    test("does not let in who is locked", async () => {
      const change = (how: string) => slapd.change(`dn: uid=bob,ou=people,${baseDn}\nchangetype: modify\n${how}\n`);
      const directory = open(bind);
      await change("add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z");
      try {
        expect(await directory.checkPassword("bob", "pw-bob")).toBe("bind" in bind ? "unknown-user" : "wrong-password");
        expect(await directory.findUser?.("bob")).toBeUndefined();
      } finally {
        await change("delete: pwdAccountLockedTime");
      }
      expect(await directory.checkPassword("bob", "pw-bob")).toMatchObject({ name: "bob" });
    });
  });

  test("refuses a name that two entries have, and says so", async () => {
    const directory = open();
    expect(await directory.checkPassword("twin", "pw-twin")).toBe("wrong-password");
    expect(directory.logged()).toContain("several entries of the directory have one name");
  });

  test("searches as nobody when there is no account, which this server does not allow", async () => {
    const directory = open({ bind: { kind: "search", dn: undefined, password: undefined } });
    expect(await directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error)).toMatchObject(
      unavailable,
    );
    expect(directory.logged()).toContain(`search in ${baseDn}: NoSuchObject`);
  });

  test("says whose entry lacks what an account needs", async () => {
    const attributes = { ...users.attributes, id: "employeeNumber" };
    const directory = open({ users: { ...users, attributes } });
    expect(await directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error)).toMatchObject(
      unavailable,
    );
    expect(directory.logged()).toContain("has no employeeNumber to be seen: see users.id");
  });

  test("says that the account cannot bind, without its password", async () => {
    const directory = open({ bind: { kind: "search", dn: `cn=svc,${baseDn}`, password: "hunter2" } });
    expect(await directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error)).toMatchObject(
      unavailable,
    );
    expect(directory.logged()).toContain(`cn=svc,${baseDn} cannot bind: InvalidCredentials`);
    expect(directory.logged()).not.toContain("hunter2");
    expect(directory.logged()).not.toContain("pw-alice");
  });

  describe("without a password", () => {
    const groups = { kind: "attribute", attribute: "memberOf", baseDn: undefined, maxDepth: 0 } as const;

    test("finds who is there, as with it", async () => {
      const directory = open({ groups });
      expect(await directory.findUser?.("alice")).toMatchObject({ name: "alice", groups: expect.any(Array) });
      const found: unknown = await directory.findUser?.("alice");
      expect(found).toEqual(await directory.checkPassword("alice", "pw-alice"));
    });

    test.each(["nobody", "*", "*)(uid=*", "", "al\0ice", "twin"])("finds nobody called %j", async (name) => {
      expect(await open().findUser?.(name)).toBeUndefined();
    });

    test("finds by the name of the account who signs in by something else", async () => {
      const directory = open({ users: { ...users, filter: "(&(objectClass=person)(mail={user}@example.com))" } });
      expect(await directory.checkPassword("alice", "pw-alice")).toMatchObject({ name: "alice" });
      expect(await directory.findUser?.("alice")).toMatchObject({ name: "alice" });
      const byAddress = open({ users: { ...users, filter: "(mail={user})" } });
      expect(await byAddress.checkPassword("alice@example.com", "pw-alice")).toMatchObject({ name: "alice" });
      expect(await byAddress.findUser?.("alice")).toMatchObject({ name: "alice" });
      expect(await byAddress.findUser?.("alice@example.com")).toBeUndefined();
    });

    test("does not find who does not fulfil the extra filter", async () => {
      const extraFilter = `(memberOf=cn=developers,ou=groups,${baseDn})`;
      const directory = open({ users: { ...users, extraFilter } });
      expect(await directory.findUser?.("bob")).toMatchObject({ name: "bob" });
      expect(await directory.findUser?.("carol")).toBeUndefined();
    });

    test("cannot be asked where users bind by themselves", () => {
      expect(typeof open({ bind: direct }).findUser).toBe("undefined");
    });

    test("says so when no server can be asked", async () => {
      const directory = open({ urls: [`ldap://127.0.0.1:${takeFreePort()}`] });
      expect(await directory.findUser?.("alice").catch((error: unknown) => error)).toMatchObject(unavailable);
    });
  });

  describe("groups", () => {
    const groupsOf = async (name: string, source: LdapGroupSource, maxDepth: number, base = `ou=groups,${baseDn}`) => {
      const found = await open({ groups: { ...source, baseDn: base, maxDepth } }).checkPassword(name, `pw-${name}`);
      return typeof found === "string" ? found : found.groups?.filter((group) => !group.includes("="));
    };
    const byAttribute = { kind: "attribute", attribute: "memberOf" } as const;
    const bySearch = { kind: "search", filter: "(&(objectClass=groupOfNames)(member={dn}))" } as const;

    describe.each([
      ["by attribute", byAttribute],
      ["by search", bySearch],
    ] as const)("%s", (_, source) => {
      test("has those that the user is in", async () => {
        expect(await groupsOf("alice", source, 0)).toEqual(["developers", "ring-a"]);
      });

      test("has those that these are in, and comes to an end in a ring", async () => {
        expect(await groupsOf("alice", source, 10)).toEqual(["company", "developers", "ring-a", "ring-b", "staff"]);
      });

      test("goes no deeper than it is told", async () => {
        expect(await groupsOf("alice", source, 1)).toEqual(["developers", "ring-a", "ring-b", "staff"]);
      });

      test("has none for who is in none", async () => {
        expect(await groupsOf("loner", source, 5)).toEqual([]);
      });

      test("has no common name that two groups share, only their DNs", async () => {
        const options = { groups: { ...source, baseDn, maxDepth: 0 } };
        const found = await open(options).checkPassword("carol", "pw-carol");
        expect(found).toMatchObject({
          groups: [
            `cn=admins,ou=groups,${baseDn}`,
            `cn=admins,ou=other,ou=groups,${baseDn}`,
            `cn=staff,ou=groups,${baseDn}`,
            "staff",
          ],
        });
      });

      test("counts only those below the base", async () => {
        expect(await groupsOf("carol", source, 0, `OU=Other, ou=groups,${baseDn}`)).toEqual(["admins"]);
      });
    });

    test("are found by the user's name too", async () => {
      const filter = "(&(objectClass=posixGroup)(memberUid={user}))";
      expect(await groupsOf("alice", { kind: "search", filter }, 0)).toEqual(["posixdev"]);
    });
  });

  describe("TLS", () => {
    const overTls = (url: string, tls: Partial<LdapTlsOptions>) => open({ urls: [url], tls: { ...plain, ...tls } });
    const signIn = (directory: ReturnType<typeof open>) =>
      directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error);

    describe.each([
      ["StartTLS", () => slapd.url, true],
      ["LDAPS", () => slapd.ldapsUrl, false],
    ] as const)("%s", (_, url, startTls) => {
      test.each(["127.0.0.1", "localhost"])("speaks with %s", async (host) => {
        const directory = overTls(url().replace("127.0.0.1", host), { startTls, caPath: slapd.authority });
        expect(await signIn(directory)).toMatchObject({ name: "alice" });
      });

      test("does not speak with a server that another authority vouches for", async () => {
        const { authority } = await makeCertificates();
        const directory = overTls(url(), { startTls, caPath: authority });
        expect(await signIn(directory)).toMatchObject(unavailable);
        expect(directory.logged()).toContain("unable to verify the first certificate");
      });

      test("does not speak with a server that has another name", async () => {
        const directory = overTls(url(), { startTls, caPath: slapd.authority, serverName: "ldap.example" });
        expect(await signIn(directory)).toMatchObject(unavailable);
        expect(directory.logged()).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
      });

      test("compares the certificate with another name if told", async () => {
        const directory = overTls(url(), { startTls, caPath: slapd.authority, serverName: "localhost" });
        expect(await signIn(directory)).toMatchObject({ name: "alice" });
      });

      test("believes any certificate if told, and warns", async () => {
        const directory = overTls(url(), { startTls, skipVerify: true, serverName: "ldap.example" });
        expect(await signIn(directory)).toMatchObject({ name: "alice" });
        expect(directory.logged()).toContain("insecureskipverify is on");
      });

      test("gives up a server that never answers the handshake", async () => {
        const front = await startFront({ kind: startTls ? "silent-after-start-tls" : "silent" });
        const directory = open({
          urls: [startTls ? front.url : front.url.replace("ldap:", "ldaps:")],
          tls: { ...plain, startTls, caPath: slapd.authority },
          connectTimeoutMs: 200,
        });
        expect(await signIn(directory)).toMatchObject(unavailable);
        await until("hung up", () => front.connections() === 0);
        front.close();
      });
    });

    test("takes no answer that was slipped in before TLS", async () => {
      const front = await startFront({ kind: "injecting", port: slapd.port });
      const directory = overTls(front.url, { startTls: true, caPath: slapd.authority });
      expect(await directory.checkPassword("alice", "wrong").catch((error: unknown) => error)).toMatchObject(
        unavailable,
      );
      expect(directory.logged()).toContain("the server said more before TLS than it may");
      front.close();
    });

    test("wants to read the file of the authorities at the start", () => {
      expect(() => overTls(slapd.ldapsUrl, { caPath: "/nowhere/ca.pem" })).toThrow(
        /cannot use the authorities of the directory test: .*nowhere/u,
      );
    });
  });

  describe("servers that fail", () => {
    test("are passed over, and said of in the log", async () => {
      const gone = `ldap://127.0.0.1:${takeFreePort()}`;
      const directory = open({ urls: [gone, slapd.url] });
      expect(await directory.checkPassword("alice", "pw-alice")).toMatchObject({ name: "alice" });
      expect(directory.logged()).toContain(`reason="connect ECONNREFUSED`);
      expect(directory.logged()).toContain(`url="${gone}"`);
    });

    test("are not asked first again for a while", async () => {
      let nowMs = 1_000_000;
      const front = await startFront({ kind: "silent" });
      const options = searchOptions("", { urls: [front.url, slapd.url], timeoutMs: 200 });
      const directory = openDirectory(options, () => nowMs);
      for (const _ of [1, 2, 3]) expect(await directory.checkPassword("bob", "pw-bob")).toMatchObject({ name: "bob" });
      expect(front.accepted()).toBe(1);
      nowMs += 31_000;
      expect(await directory.checkPassword("bob", "pw-bob")).toMatchObject({ name: "bob" });
      expect(front.accepted()).toBe(2);
      front.close();
    });

    test.each([
      ["refuses", { kind: "closed" }],
      ["hangs up", { kind: "hanging-up" }],
      ["never answers", { kind: "silent" }],
      ["answers with no end", { kind: "endless" }],
      ["answers nonsense", { kind: "nonsense" }],
    ] as const)("make sign-in impossible for now: one that %s", async (_, behaviour) => {
      const front = await startFront(behaviour);
      const directory = open({ urls: [front.url], timeoutMs: 500, connectTimeoutMs: 500 });
      expect(await directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error)).toMatchObject({
        ...unavailable,
        message: "the directory test cannot be asked at the moment: try again",
      });
      await until("hung up", () => front.connections() === 0);
      front.close();
    });

    test("may be started again in between", async () => {
      const tls = { ...plain, startTls: true, caPath: slapd.authority };
      const directories = [open(), open({ tls }), open({ urls: [slapd.ldapsUrl], tls: { ...tls, startTls: false } })];
      const signInToAll = () => Promise.all(directories.map((directory) => directory.checkPassword("bob", "pw-bob")));
      const bob = expect.objectContaining({ name: "bob" });
      expect(await signInToAll()).toEqual([bob, bob, bob]);
      await slapd.stop();
      await slapd.start();
      expect(await signInToAll()).toEqual([bob, bob, bob]);
      expect(directories.map((directory) => directory.logged()).join("")).not.toContain("cannot be asked");
    });
  });

  describe("connections", () => {
    test("are few and stay so, and are gone after close", async () => {
      const directory = open({
        maxSignIns: 3,
        timeoutMs: 60_000,
        groups: { kind: "attribute", attribute: "memberOf", baseDn: undefined, maxDepth: 3 },
      });
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, connectionsTo(slapd.port))), 1);
      const names = Array.from({ length: 50 }, (_, index) => ["alice", "bob", "carol"][index % 3] ?? "");
      const outcomes = await Promise.all(
        names.map((name, index) => directory.checkPassword(name, index % 2 === 0 ? `pw-${name}` : `wrong-${index}`)),
      );
      clearInterval(watch);
      expect(outcomes.filter((outcome) => outcome === "wrong-password")).toHaveLength(25);
      expect(outcomes.filter((outcome) => typeof outcome === "object")).toHaveLength(25);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(6);
      expect(connectionsTo(slapd.port)).toBeGreaterThan(0);
      await directory.close();
      await until("closed", () => connectionsTo(slapd.port) === 0);
    });

    test("are closed while somebody waits for an answer", async () => {
      const front = await startFront({ kind: "silent" });
      const directory = open({ urls: [front.url], timeoutMs: 20_000 });
      const outcome = directory.checkPassword("alice", "pw-alice").catch((error: unknown) => error);
      await until("connected", () => front.connections() === 1);
      await directory.close();
      expect(await outcome).toMatchObject(unavailable);
      await until("hung up", () => front.connections() === 0);
      front.close();
    });

    test("that nobody uses are closed after a while", async () => {
      const { urls, ...options } = searchOptions(slapd.url);
      const needs = { clock: { nowMs: () => 0 }, log: logTo([]) };
      const connect = async (url: string) => {
        const connection = await LdapConnection.open(url, { ...options, authorities: undefined });
        await connection.bind(accountDn, accountPassword);
        return connection;
      };
      const pool = new ConnectionPool(new LdapServers(urls, needs), connect, 50);
      const count = () => Promise.resolve(connectionsTo(slapd.port));
      expect(await pool.use(count)).toBe(1);
      await until("closed", async () => (await count()) === 0);
      expect(await pool.use(count)).toBe(1);
      await pool.close();
      await until("closed", async () => (await count()) === 0);
    });

    test("of wrong passwords are closed", async () => {
      const directory = open({ bind: direct });
      for (const password of ["a", "b", "c"]) await directory.checkPassword("alice", password);
      await until("closed", () => connectionsTo(slapd.port) === 0);
    });
  });
});
