import { describe, expect, test } from "bun:test";
import { groupNamesOf, normalizeGroupName } from "../../../../src/access/accounts/group-names.ts";

describe("the names of groups", () => {
  test("are DN and common name in lower case", () => {
    expect(groupNamesOf(["CN=Registry Admins,OU=Groups,DC=example,DC=com"])).toEqual([
      "cn=registry admins,ou=groups,dc=example,dc=com",
      "registry admins",
    ]);
  });

  test("have a group once that is named twice", () => {
    expect(groupNamesOf(["cn=a,dc=b", "CN = A, DC = B"])).toEqual(["a", "cn=a,dc=b"]);
  });

  test("have no common name that two share", () => {
    expect(groupNamesOf(["cn=admins,dc=a", "cn=admins,dc=b", "cn=x,dc=b"])).toEqual([
      "cn=admins,dc=a",
      "cn=admins,dc=b",
      "cn=x,dc=b",
      "x",
    ]);
  });

  test("have no common name that looks like a DN", () => {
    expect(groupNamesOf(["cn=cn\\3dadmins\\2cdc\\3da,ou=mine,dc=a"])).toEqual([
      "cn=cn\\3dadmins\\2cdc\\3da,ou=mine,dc=a",
    ]);
  });
});

describe("two ways to write a name are one", () => {
  test.each([
    ["Developers", " developers "],
    ["CN=Devs,DC=Example", "cn=devs,dc=example"],
    ["cn=a, dc=b", "cn=a,dc=b"],
    ["cn=a\\,b,dc=c", "cn=a\\2Cb,dc=c"],
    ["cn=\\23a,dc=c", "cn=\\#a,dc=c"],
    ["cn=zo\\C3\\AB,dc=c", "cn=zoë,dc=c"],
    ["cn=a\\20,dc=c", "cn=a\\ ,dc=c"],
    ["cn=a\\5c,dc=c", "cn=a\\\\,dc=c"],
    ["uid=a+cn=b,dc=c", "cn=b + uid=a,dc=c"],
  ])("%s and %s", (one, other) => expect(normalizeGroupName(one)).toBe(normalizeGroupName(other)));

  test.each([
    ["cn=a\\,dc=b", "cn=a,dc=b"],
    ["cn=a\\5c2cb,dc=c", "cn=a\\2cb,dc=c"],
    ["cn=a\\ ,dc=c", "cn=a,dc=c"],
  ])("but not %s and %s", (one, other) => expect(normalizeGroupName(one)).not.toBe(normalizeGroupName(other)));

  test("and nothing changes a second time", () => {
    const once = normalizeGroupName("CN=\\23a\\,b\\\\ \\+,OU=x ,DC=y");
    expect(normalizeGroupName(once)).toBe(once);
  });
});
