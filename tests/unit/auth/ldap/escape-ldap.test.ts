import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DN, FilterParser } from "ldapts";
import { escapeDnValue } from "../../../../src/access/index.ts";
import {
  escapeFilterValue,
  fillBindTemplate,
  fillFilter,
  isDnTemplate,
} from "../../../../src/auth/ldap/escape-ldap.ts";
import { comparingName } from "../../../../src/auth/ldap/find-user.ts";
import { normalizeDn } from "../../../../src/access/accounts/group-names.ts";

describe("a value in a filter", () => {
  test.each([
    ["alice", "alice"],
    ["*)(uid=*", "\\2a\\29\\28uid=\\2a"],
    ["a\\2ab", "a\\5c2ab"],
    ["a\0b", "a\\00b"],
    ["zoë", "zoë"],
    ["a=b&|!<>~,", "a=b&|!<>~,"],
  ])("%j is %j", (value, escaped) => expect(escapeFilterValue(value)).toBe(escaped));

  test("is read back as what it was, and as nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (value) => {
        const filter = FilterParser.parseString(fillFilter("(&(objectClass=person)(uid={user}))", { user: value }));
        expect(filter).toMatchObject({ filters: [{ attribute: "objectClass" }, { attribute: "uid", value }] });
      }),
    );
  });
});

describe("a value in a DN", () => {
  test.each([
    ["alice", "alice"],
    ["doe, jane", "doe\\2c jane"],
    ["a+cn=b", "a\\2bcn\\3db"],
    [" a ", "\\20a\\20"],
    ["#a#", "\\23a#"],
    [' "<;>\\', "\\20\\22\\3c\\3b\\3e\\5c"],
    [" ", "\\20"],
    ["", ""],
    ["a\0", "a\\00"],
  ])("%j is %j", (value, escaped) => expect(escapeDnValue(value)).toBe(escaped));

  test("keeps spaces that are not of ASCII, which only look as if they could be left out", () => {
    expect(normalizeDn("cn=\u00a0a,dc=example")).toBe("cn=\u00a0a,dc=example");
  });

  test("stays one value of one part", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (value) => {
        const dn = normalizeDn(`uid=${escapeDnValue(value)},dc=example`);
        expect(dn.split(",")).toEqual([`uid=${escapeDnValue(value.toLowerCase())}`, "dc=example"]);
      }),
    );
  });

  test("is escaped as the client library does it, or more", () => {
    expect(normalizeDn(new DN({ uid: "doe, jane+#x", dc: "example" }).toString())).toBe(
      "uid=doe\\2c jane\\2b#x,dc=example",
    );
  });
});

test("what a value holds is not filled in turn", () => {
  const values = { user: "{dn}", dn: "cn={user}" };
  expect(fillFilter("(|(member={dn})(memberUid={user})({other}))", values)).toBe(
    "(|(member=cn={user})(memberUid={dn})({other}))",
  );
});

test.each([
  ["(uid={user})", "(cn={user})"],
  [
    "(&(objectClass=person)(|(mail={user})(mail={user}@example.com)))",
    "(&(objectClass=person)(|(cn={user})(cn={user})))",
  ],
  ["(&(active=TRUE)(uid:caseExactMatch:={user}))", "(&(active=TRUE)(cn={user}))"],
])("%s by name is %s", (filter, byName) => expect(comparingName(filter, "cn")).toBe(byName));

describe("a template of direct bind", () => {
  test.each([
    ["uid={user},dc=example", true],
    ["CN={user},DC=example", true],
    ["{user}@example.com", false],
    ["EXAMPLE\\{user}", false],
  ])("%s is a DN: %p", (template, isDn) => expect(isDnTemplate(template)).toBe(isDn));

  test.each([
    ["uid={user},dc=example", "a,b", "uid=a\\2cb,dc=example"],
    ["{user}@example.com", "alice", "alice@example.com"],
    ["EXAMPLE\\{user}", "alice", "EXAMPLE\\alice"],
    ["{user}@example.com", "alice@other.example", undefined],
    ["{user}@example.com", "OTHER\\alice", undefined],
    ["EXAMPLE\\{user}", "a/b", undefined],
  ])("%s with %s is %p", (template, user, name) => expect(fillBindTemplate(template, user)).toBe(name));
});
