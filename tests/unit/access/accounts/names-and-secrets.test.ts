import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../../../src/oci/index.ts";
import {
  isExternalName,
  requireGroupName,
  requireUserName,
  robotNameOf,
} from "../../../../src/access/accounts/account-names.ts";
import { randomText } from "../../../../src/access/accounts/random-text.ts";
import { createSecretText, isWholeSecret, secretKindOf } from "../../../../src/access/accounts/secret-text.ts";
import { DEFAULT_HASH_COST, PasswordHashes } from "../../../../src/access/passwords/password-hashes.ts";
import { requireGoodPassword } from "../../../../src/access/passwords/password-rules.ts";
import { thrownBy } from "../../../support/thrown-error.ts";

test.each(["anna", "a", "anna.b", "anna_b-c", "anna@example.com", "x".repeat(64)])("%p is a user name", (name) => {
  expect(() => requireUserName(name)).not.toThrow();
});

test.each([
  "",
  "Anna",
  "anna ",
  "-anna",
  "anna.",
  "a/b",
  "a+b",
  "a:b",
  "ann\u0000",
  "é",
  "x".repeat(65),
  "oidc",
  "<t>",
])("%p is no user name", (name) => {
  expect(thrownBy(() => requireUserName(name))).toMatchObject({ kind: "bad-request", details: [{ field: "name" }] });
});

test("group names have no @", () => {
  expect(() => requireGroupName("team.one")).not.toThrow();
  expect(thrownBy(() => requireGroupName("a@b")).kind).toBe("bad-request");
});

test.each([
  ["Anna Meyer", true],
  ["CORP\\anna", true],
  ["é", true],
  ["", false],
  [" anna", false],
  ["team+ci", false],
  ["a:b", false],
  ["<token>", false],
  ["OIDC", false],
  ["a\nb", false],
  ["x".repeat(256), false],
])("a directory's %p can be a name: %p", (name, expected) => expect(isExternalName(name)).toBe(expected));

test("a robot's name begins with its node", () => {
  expect([robotNameOf("team/app", "ci"), robotNameOf("", "ci")]).toEqual(["team/app+ci", "+ci"]);
  for (const [node, name] of [
    ["Team", "ci"],
    ["team/", "ci"],
    ["team", "a+b"],
    ["team", ""],
  ] as const)
    expect(thrownBy(() => robotNameOf(node, name))).toBeInstanceOf(RegistryError);
});

describe("a secret", () => {
  const random = (count: number) => new Uint8Array(Buffer.alloc(count, 7));

  test.each(["robot", "personal", "refresh"] as const)("of kind %p is known by its prefix and its sum", (kind) => {
    const text = createSecretText(kind, random);
    expect(text).toMatch(/^berth_(robot|pat|refresh)_[0-9A-Za-z]{46}$/);
    expect([secretKindOf(text), isWholeSecret(text)]).toEqual([kind, true]);
    for (const damaged of [text.slice(0, -1), `${text}0`, text.replace("7777", "7778"), text.toLowerCase()])
      expect(isWholeSecret(damaged)).toBe(false);
  });

  test("has the sum that a scanner computes", () => {
    const text = createSecretText("personal", random);
    expect(text.slice(-6)).toBe(base62(Bun.hash.crc32(text.slice(0, -6))).padStart(6, "0"));
  });

  test("is made of characters that are equally likely", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    let given = 0;
    const text = randomText((count) => (given++ === 0 ? bytes.subarray(0, count) : new Uint8Array(count)), 256);
    const counts = new Map<string, number>();
    for (const character of text.slice(0, 248)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect([...counts.values()]).toEqual(Array.from({ length: 62 }, () => 4));
    expect(text.slice(248)).toBe("00000000");
  });
});

function base62(value: number): string {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return value === 0 ? "" : base62(Math.floor(value / 62)) + digits.charAt(value % 62);
}

describe("a password", () => {
  test.each(["correct horse battery", "Tr0ub4dor&3xyz", "ünïcödé-wörter"])("%p is good", (password) => {
    expect(() => requireGoodPassword("anna", password, 12)).not.toThrow();
  });

  test.each([
    ["short", "at least 12"],
    ["x".repeat(257), "at most 256 bytes"],
    ["é".repeat(129), "at most 256 bytes"],
    ["annaannaanna", "user's name"],
    ["Anna-1234567", "user's name"],
    ["aaaaaaaaabbb", "different"],
    ["Password1234", "tried first"],
    ["qwertyuiop123", "tried first"],
    ["123456789012", "tried first"],
    ["ponmlkjihgfe", "tried first"],
    ["berth_pat_abcdef", "secrets"],
  ])("%p is refused: %s", (password, reason) => {
    const error = thrownBy(() => requireGoodPassword("anna", password, 12));
    expect(error).toMatchObject({ kind: "bad-request", details: [{ field: "password" }] });
    expect(error.message).toContain(reason);
  });
});

describe("a hash of a password", () => {
  test("costs what OWASP asks for, and is right for one way to write a letter as for another", async () => {
    const hashes = new PasswordHashes(DEFAULT_HASH_COST);
    const hash = await hashes.hash("caf\u00e9 au lait noir");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await hashes.verify("cafe\u0301 au lait noir", hash)).toBe(true);
    expect(await hashes.verify("cafe au lait noir", hash)).toBe(false);
  });

  test("that there is not is right for none", async () => {
    const hashes = new PasswordHashes({ memoryKib: 8, passes: 1 });
    expect(await hashes.verify("", undefined)).toBe(false);
    expect(await hashes.verify("x", undefined)).toBe(false);
  });
});
