import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { FilterParser } from "ldapts";
import type { LdapOptions } from "../../../src/auth/options.ts";
import { buildLdap } from "../../../src/config/build-ldap.ts";
import { checkLdap } from "../../../src/config/check-ldap.ts";
import { Findings } from "../../../src/config/findings.ts";
import { group } from "../../../src/config/keys/key.ts";
import { ldapKeys } from "../../../src/config/keys/ldap-keys.ts";
import { isRawMap } from "../../../src/config/raw-tree.ts";
import { readYamlValue } from "../../../src/config/read-yaml.ts";
import { resolveVariable } from "../../../src/config/resolve-variable.ts";
import { settle } from "../../../src/config/settle.ts";
import { ldapFilter, ldapUrl } from "../../../src/config/values/ldap-types.ts";

const schema = group("", { auth: group("", { ldap: ldapKeys }) });

interface Read {
  readonly built: readonly LdapOptions[] | undefined;
  /** `path message` */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads the list below `auth.ldap`. */
function read(yaml: string): Read {
  const findings = new Findings(() => undefined);
  const value = readYamlValue(yaml.startsWith("\n") ? `auth:\n  ldap:${yaml}` : `{auth: {ldap: ${yaml}}}`);
  if ("error" in value) throw new Error(value.error);
  const tree = settle(schema, value.value, [], findings);
  if (!isRawMap(tree)) throw new Error("not a map");
  checkLdap(tree, findings);
  const parsed = schema.safeParse(tree);
  for (const issue of parsed.error?.issues ?? []) findings.problem(issue.path.map(String), issue.message);
  const told = ({ path, message }: { path: string; message: string }) => `${path} ${message}`;
  return {
    built: parsed.success ? buildLdap(parsed.data.auth.ldap) : undefined,
    problems: findings.problems.map(told),
    warnings: findings.warnings.map(told),
  };
}

const needed = "name: corp, urls: [ldaps://dc1.example.com]";

describe("a directory", () => {
  test("needs little, for OpenLDAP", () => {
    const { built, problems, warnings } = read(`[{${needed}, users: {basedn: "dc=example,dc=com"}}]`);
    expect([problems, warnings]).toEqual([[], []]);
    expect(built).toEqual([
      {
        name: "corp",
        urls: ["ldaps://dc1.example.com"],
        tls: { startTls: false, caPath: undefined, serverName: undefined, skipVerify: false },
        bind: { kind: "search", dn: undefined, password: undefined },
        users: {
          baseDn: "dc=example,dc=com",
          filter: "(uid={user})",
          extraFilter: undefined,
          attributes: { name: "uid", displayName: "cn", email: "mail", id: "entryUUID" },
        },
        groups: undefined,
        connectTimeoutMs: 5000,
        timeoutMs: 10_000,
        maxSignIns: 8,
      },
    ]);
  });

  test("needs little, for Active Directory", () => {
    const { built, problems, warnings } = read(`[{${needed}, kind: activedirectory, binddn: svc@example.com,
      bindpassword: x, users: {basedn: "dc=example,dc=com"}, groups: {from: search, nested: in-chain}}]`);
    expect([problems, warnings]).toEqual([[], []]);
    expect(built?.[0]).toMatchObject({
      bind: { kind: "search", dn: "svc@example.com", password: "x" },
      users: {
        filter: expect.stringContaining("(sAMAccountName={user})"),
        attributes: { name: "sAMAccountName", displayName: "displayName", id: "objectGUID" },
      },
      groups: {
        kind: "search",
        filter: "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))",
        baseDn: "dc=example,dc=com",
        maxDepth: 0,
      },
    });
  });

  test("has all that is written", () => {
    const { built, problems } = read(`[{${needed}, starttls: false, ca: /ca.pem, servername: dc.example.com,
      usertemplate: "uid={user},ou=people,dc=example,dc=com", connecttimeout: 1s, timeout: 2s, maxsignins: 3,
      users: {extrafilter: "(employeeType=staff)", name: a, displayname: b, email: c, id: d},
      groups: {from: attribute, attribute: isMemberOf, basedn: "ou=groups", nested: walk, depth: 4}}]`);
    expect(problems).toEqual([]);
    expect(built?.[0]).toMatchObject({
      tls: { caPath: "/ca.pem", serverName: "dc.example.com" },
      bind: { kind: "direct", template: "uid={user},ou=people,dc=example,dc=com" },
      users: {
        baseDn: undefined,
        extraFilter: "(employeeType=staff)",
        attributes: { name: "a", displayName: "b", email: "c", id: "d" },
      },
      groups: { kind: "attribute", attribute: "isMemberOf", baseDn: "ou=groups", maxDepth: 4 },
      connectTimeoutMs: 1000,
      timeoutMs: 2000,
      maxSignIns: 3,
    });
  });

  test("has its password from a file that a variable names", () => {
    const target = resolveVariable(schema, { auth: { ldap: [{}] } }, ["AUTH", "LDAP", "0", "BINDPASSWORD", "FILE"]);
    expect(target).toEqual({ kind: "secret-file", path: ["auth", "ldap", 0, "bindpassword"] });
  });
});

describe("the page about directories", () => {
  const page = readFileSync(join(import.meta.dir, "../../../docs/ldap.md"), "utf8");
  const examples = [...page.matchAll(/```yaml\n([^`]*)```/gu)].map((match) => match[1] ?? "");

  test("has examples", () => expect(examples.length).toBeGreaterThan(2));

  test.each(examples)("has example %# that nothing is to be said of", (example) => {
    const { built, problems, warnings } = read(example.slice(example.indexOf("ldap:") + "ldap:".length));
    expect([problems, warnings]).toEqual([[], []]);
    expect(built).toHaveLength(1);
  });
});

describe("what makes no sense", () => {
  const base = `${needed}, users: {basedn: dc=a}`;
  const rows: readonly (readonly [yaml: string, path: string, message: string])[] = [
    [`[{${base}}, {${base}}]`, "auth.ldap[1].name", `"corp" is another directory's name too`],
    ["[{name: corp, users: {basedn: dc=a}}]", "auth.ldap[0].urls", "is needed"],
    [`[{${needed}}]`, "auth.ldap[0].users.basedn", "is needed"],
    ["[{name: Corp:1}]", "auth.ldap.0.name", "is not a name"],
    ["[{name: corp, urls: [http://a], users: {basedn: dc=a}}]", "auth.ldap.0.urls.0", "is not ldap://"],
    [`[{${base}, starttls: true}]`, "auth.ldap[0].starttls", "ldaps:// speaks TLS anyway"],
    ["[{name: a, urls: [ldap://127.0.0.1], ca: /a, users: {basedn: dc=a}}]", "auth.ldap[0].ca", "is for TLS"],
    [`[{${base}, insecureskipverify: true, ca: /a}]`, "auth.ldap[0].ca", "has no effect"],
    [`[{${base}, binddn: cn=a}]`, "auth.ldap[0].bindpassword", "is needed with binddn"],
    [`[{${base}, bindpassword: a}]`, "auth.ldap[0].binddn", "is needed with bindpassword"],
    [`[{${base}, binddn: cn=a, usertemplate: "{user}@a"}]`, "auth.ldap[0].usertemplate", "cannot be combined"],
    [`[{${base}, usertemplate: "{user}"}]`, "auth.ldap[0].usertemplate", "is not what users bind as"],
    [`[{${base}, usertemplate: "uid=alice"}]`, "auth.ldap[0].usertemplate", "is not what users bind as"],
    [`[{${base}, usertemplate: "uid={username}"}]`, "auth.ldap[0].usertemplate", "is not what users bind as"],
    [`[{${needed}, users: {basedn: a, filter: "(uid=*)"}}]`, "auth.ldap[0].users.filter", "needs {user}"],
    [`[{${needed}, users: {basedn: a, filter: "(uid={login})"}}]`, "auth.ldap[0].users.filter", "has {login}"],
    [`[{${needed}, users: {basedn: a, filter: "(uid={user}"}}]`, "auth.ldap.0.users.filter", "is not a filter"],
    [`[{${needed}, users: {basedn: a, extrafilter: "(a={user})"}}]`, "auth.ldap[0].users.extrafilter", "no place"],
    [`[{${needed}, users: {basedn: a, id: "a=b"}}]`, "auth.ldap.0.users.id", "is not the name of an attribute"],
    [`[{${base}, groups: {basedn: dc=b}}]`, "auth.ldap[0].groups.basedn", "has no effect with from: none"],
    [`[{${base}, groups: {from: attribute, filter: "(a={dn})"}}]`, "auth.ldap[0].groups.filter", "has no effect"],
    [`[{${base}, groups: {from: search, attribute: a}}]`, "auth.ldap[0].groups.attribute", "has no effect"],
    [`[{${base}, groups: {from: search, filter: "(a=b)"}}]`, "auth.ldap[0].groups.filter", "needs {dn} or {user}"],
    [
      `[{${base}, groups: {from: search, filter: "(memberUid={user})", nested: walk}}]`,
      "auth.ldap[0].groups.nested",
      "filter needs {dn}",
    ],
    [`[{${base}, groups: {from: search, nested: in-chain}}]`, "auth.ldap[0].groups.nested", "of Active Directory"],
    [
      `[{${base}, kind: activedirectory, groups: {from: attribute, nested: in-chain}}]`,
      "auth.ldap[0].groups.nested",
      "is for from: search",
    ],
    [
      `[{${base}, kind: activedirectory, groups: {from: search, nested: in-chain, filter: "(a={dn})"}}]`,
      "auth.ldap[0].groups.nested",
      "leave filter away",
    ],
    [`[{${base}, groups: {from: search, depth: 3}}]`, "auth.ldap[0].groups.depth", "without nested: walk"],
    [`[{${base}, maxsignins: 0}]`, "auth.ldap.0.maxsignins", "too small"],
  ];

  test.each(rows)("%s", (yaml, path, message) => {
    expect(read(yaml).problems).toContainEqual(
      expect.stringMatching(new RegExp(`^${literal(path)} .*${literal(message)}`, "u")),
    );
  });

  test.each([
    ["[{name: a, urls: [ldap://dc.example.com], users: {basedn: a}}]", "auth.ldap[0].urls", "unencrypted"],
    [`[{${base}, insecureskipverify: true}]`, "auth.ldap[0].insecureskipverify", "any certificate is believed"],
    [`[{${base}, usertemplate: "uid={user},dc=a"}]`, "auth.ldap[0].users.basedn", "is not used"],
  ])("%s is warned of", (yaml, path, message) => {
    const { problems, warnings } = read(yaml);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${literal(path)} .*${literal(message)}`, "u"))]);
  });

  test.each(["localhost", "127.0.0.1:3389", "[::1]"])("a server at %s needs no TLS", (host) => {
    expect(read(`[{name: a, urls: ["ldap://${host}"], users: {basedn: a}}]`).warnings).toEqual([]);
  });
});

const literal = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&");

describe("a filter", () => {
  test.each([
    ["uid={user}", "(uid={user})"],
    [
      " (& (objectClass=person)\n  (| (uid={user}) (mail={user}) ) ) ",
      "(&(objectClass=person)(|(uid={user})(mail={user})))",
    ],
    ["(!(a=b))", "(!(a=b))"],
    ["(a=*)", "(a=*)"],
    ["(a>=1)", "(a>=1)"],
    ["(a~=b c)", "(a~=b c)"],
    ["(member:1.2.840.113556.1.4.1941:={dn})", "(member:1.2.840.113556.1.4.1941:={dn})"],
    ["(ou:dn:=a)", "(ou:dn:=a)"],
    ["(a=b\\2ac)", "(a=b\\2ac)"],
    ["(a=zoë)", "(a=zoë)"],
  ])("%s is taken as %s, and by the client library", (text, filter) => {
    expect(ldapFilter.schema.parse(text)).toBe(filter);
    expect(() => FilterParser.parseString(filter)).not.toThrow();
  });

  test.each([
    "",
    "()",
    "(a=b",
    "(a=b))",
    "(a=b)(c=d)",
    "(&)",
    "(!(a=b)(c=d))",
    "(a)",
    "(=b)",
    "({user}=b)",
    "(a=b(c)",
    "(a=\\zz)",
    "(a=\\c3\\ab)",
    "(a;binary=b)",
  ])("%s is none", (text) => {
    expect(ldapFilter.schema.safeParse(text).success).toBe(false);
  });

  test("that is taken is one for the client library too", () => {
    const piece = fc.constantFrom("(", ")", "&", "|", "!", "a", "=", "*", "\\2a", "\\", ":", " ", "{user}", ">=", "dn");
    let taken = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { success, data = "" } = ldapFilter.schema.safeParse(pieces.join(""));
        if (!success) return;
        taken += 1;
        expect(() => FilterParser.parseString(data)).not.toThrow();
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(5);
  });
});

test.each([
  ["ldap://dc.example.com", true],
  ["ldaps://dc.example.com:3269/", true],
  ["ldap://[::1]:389", true],
  ["ldapi:///run/slapd", false],
  ["ldap://", false],
  ["ldap:///dc=example", false],
  ["ldap://a/dc=example", false],
  ["ldap://user:pw@a", false],
  ["ldap://a?x", false],
  ["dc.example.com:389", false],
])("%s is the URL of a server: %p", (url, isOne) => {
  const parsed = ldapUrl.schema.safeParse(url);
  expect(parsed.success).toBe(isOne);
  expect(parsed.error?.message ?? "").not.toContain("pw");
});
