import { describe, expect, test } from "bun:test";
import { whyDisabled } from "../../../../src/auth/ldap/account-state.ts";
import { externalIdOf } from "../../../../src/auth/ldap/external-id.ts";
import { LdapEntry } from "../../../../src/auth/ldap/ldap-entry.ts";

const entry = (values: Record<string, string | string[] | Buffer | Buffer[]>) =>
  new LdapEntry({ dn: "cn=a", ...values });

describe("an entry", () => {
  test("has attributes by names in any case", () => {
    expect(entry({ sAMAccountName: "alice" }).text("samaccountname")).toBe("alice");
  });

  test("gives the same of several values each time", () => {
    expect(entry({ uid: ["b", "a"] }).text("uid")).toBe("a");
    expect(entry({ uid: ["", "b"] }).text("uid")).toBe("b");
  });

  test("has nothing where the directory has nothing", () => {
    expect(entry({ mail: [] }).text("mail")).toBeUndefined();
    expect(entry({}).texts("mail")).toEqual([]);
    expect(entry({}).bytes("mail")).toBeUndefined();
  });

  test("has the first part of a list that comes in parts", () => {
    const both = entry({ memberOf: [], "memberOf;range=0-1499": ["cn=a", "cn=b"] });
    expect(both.texts("memberOf")).toEqual(["cn=a", "cn=b"]);
  });
});

describe("the id of an entry", () => {
  const guid = Buffer.from("33221100554477668899aabbccddeeff", "hex");

  test.each([
    ["entryUUID", Buffer.from("810301ae-79fc-1041-96f3-9f452d73b930"), "810301ae-79fc-1041-96f3-9f452d73b930"],
    ["entryUUID", "810301ae-79fc-1041-96f3-9f452d73b930", "810301ae-79fc-1041-96f3-9f452d73b930"],
    ["objectGUID", guid, "00112233-4455-6677-8899-aabbccddeeff"],
    ["objectSid", Buffer.from("0105ff", "hex"), "0105ff"],
    ["objectSid", Buffer.from("01050000", "hex"), "01050000"],
    ["employeeNumber", Buffer.from("4711"), "4711"],
    ["entryUUID", Buffer.alloc(0), undefined],
    ["entryUUID", [], undefined],
  ])("in %s is text", (attribute, value, id) => {
    expect(externalIdOf(entry({ [attribute]: value }), attribute)).toBe(id);
  });
});

describe("an account", () => {
  const nowMs = Date.UTC(2025, 0, 1);
  /** 100 ns since 1601. */
  const fileTime = (ms: number) => String((BigInt(ms) + 11_644_473_600_000n) * 10_000n);

  test.each([
    [{}, undefined],
    [{ userAccountControl: "512" }, undefined],
    [{ userAccountControl: "514" }, "the account is disabled"],
    [{ userAccountControl: "66050" }, "the account is disabled"],
    [{ accountExpires: "0" }, undefined],
    [{ accountExpires: "9223372036854775807" }, undefined],
    [{ accountExpires: fileTime(nowMs + 1) }, undefined],
    [{ accountExpires: fileTime(nowMs) }, "the account has expired"],
    [{ accountExpires: "never" }, undefined],
    [{ pwdAccountLockedTime: "000001010000Z" }, "the account is locked"],
    [{ pwdAccountLockedTime: "20250101000000Z" }, undefined],
    [{ nsAccountLock: "TRUE" }, "the account is locked"],
    [{ nsAccountLock: "false" }, undefined],
  ] as const)("with %j: %p", (values, reason) => {
    expect(whyDisabled(entry({ ...values }), nowMs)).toBe(reason);
  });
});
