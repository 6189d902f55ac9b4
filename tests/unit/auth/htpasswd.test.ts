import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHtpasswdIfMissing, HtpasswdSource } from "../../../src/auth/index.ts";
import { RegistryError } from "../../../src/oci/index.ts";
import { until } from "../../support/until.ts";
import { parseBasicCredentials } from "../../../src/auth/basic-credentials.ts";
import { BoundedTurns } from "../../../src/access/passwords/bounded-turns.ts";
import { parseHtpasswd } from "../../../src/auth/htpasswd/parse-htpasswd.ts";
import { VerifiedPasswords } from "../../../src/access/passwords/verified-passwords.ts";

const hashOf = (password: string) => Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const alice = "alice";

/** Lets in by the file alone, as requests come. */
class FileLogin {
  readonly source: HtpasswdSource;

  constructor(source: HtpasswdSource) {
    this.source = source;
  }

  /** @returns the user's name */
  async authenticate(authorization: string): Promise<string> {
    const credentials = parseBasicCredentials(authorization);
    if (!credentials) throw new Error("the test sends no login");
    const outcome = await this.source.checkPassword(credentials.username, credentials.password);
    if (typeof outcome === "object") return outcome.name;
    throw new RegistryError("login-failed", outcome);
  }
}

async function expectRefused(authenticator: FileLogin, credentials: string): Promise<void> {
  const attempt = authenticator.authenticate(basic(credentials)).catch((error: unknown) => error);
  expect(await attempt).toMatchObject({ kind: "login-failed" });
}

let folder: string;
let path: string;
let problems: string[];
let authenticator: FileLogin;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-htpasswd-"));
  path = join(folder, "htpasswd");
  problems = [];
  authenticator = new FileLogin(new HtpasswdSource(path, new Uint8Array(32), (problem) => problems.push(problem)));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("htpasswd", () => {
  test("lets in who is in the file with the right password", async () => {
    writeFileSync(path, `# team\nalice:${await hashOf("secret")}\n`);
    expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
    await expectRefused(authenticator, "alice:wrong");
    await expectRefused(authenticator, "bob:secret");
    expect(problems).toEqual([]);
  });

  test("takes the hashes that Apache writes", async () => {
    writeFileSync(path, `alice:${(await hashOf("secret")).replace("$2b$", "$2y$")}\r\n`);
    expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
  });

  test("passwords with colons and beyond ASCII are whole", async () => {
    writeFileSync(path, `alice:${await hashOf("a:é:b")}\n`);
    expect(await authenticator.authenticate(basic("alice:a:é:b"))).toEqual(alice);
  });

  test("cuts a password where bcrypt does", async () => {
    writeFileSync(path, `alice:${await hashOf("x".repeat(72))}\n`);
    expect(await authenticator.authenticate(basic(`alice:${"x".repeat(100)}`))).toEqual(alice);
  });

  test("a changed password, a removed user and a removed file count at once", async () => {
    writeFileSync(path, `alice:${await hashOf("one")}\n`);
    expect(await authenticator.authenticate(basic("alice:one"))).toEqual(alice);
    writeFileSync(path, `alice:${await hashOf("two")}\n`);
    await expectRefused(authenticator, "alice:one");
    expect(await authenticator.authenticate(basic("alice:two"))).toEqual(alice);
    writeFileSync(path, `bob:${await hashOf("two")}\n`);
    await expectRefused(authenticator, "alice:two");
    unlinkSync(path);
    await expectRefused(authenticator, "bob:two");
    expect(problems.join()).toContain("is missing");
  });

  test.each([
    ["a work factor above 31", "$2y$32$", `${"a".repeat(21)}u`, `${"b".repeat(30)}u`],
    ["a work factor below 4", "$2y$03$", `${"a".repeat(21)}u`, `${"b".repeat(30)}u`],
    ["a salt that no bcrypt has", "$2y$04$", "a".repeat(22), `${"b".repeat(30)}u`],
    ["a hash that no bcrypt has", "$2y$04$", `${"a".repeat(21)}u`, "b".repeat(31)],
  ])("refuses a login of a line with %s, and says which it is", async (_, start, salt, hash) => {
    writeFileSync(path, `bob:${await hashOf("secret")}\nalice:${start}${salt}${hash}\n`);
    await expectRefused(authenticator, "alice:secret");
    expect(problems).toEqual([expect.stringContaining("line 2: the hash is not bcrypt")]);
  });

  test("says which line is no bcrypt, without its hash", async () => {
    writeFileSync(path, `alice:${await hashOf("secret")}\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nnonsense\n`);
    expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain("line 2");
    expect(problems.join()).not.toContain("W6ph5Mm5");
  });

  test.each(["ci+build", "<ci", "ci>", "oidc", "OIDC", "anonymous", "signed-in"])(
    "tells at once that %s cannot log in by that name",
    async (name) => {
      writeFileSync(path, `alice:${await hashOf("secret")}\n${name}:${await hashOf("secret")}\n`);
      authenticator.source.readFile();
      expect(problems).toEqual([expect.stringContaining("line 2: the name has another meaning")]);
      await expectRefused(authenticator, `${name}:secret`);
    },
  );

  test.each(["alice", "nobody"])(
    "refuses wrong passwords of %s beyond those that wait, not who is known",
    async (user) => {
      writeFileSync(path, `alice:${await hashOf("secret")}\n`);
      expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
      const attempts = Array.from({ length: 150 }, (_, index) => authenticator.authenticate(basic(`${user}:${index}`)));
      const settled = Promise.allSettled(attempts);
      expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
      const errors = (await settled).flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      expect(errors).toHaveLength(150);
      for (const error of errors) expect(error).toBeInstanceOf(RegistryError);
      const kinds = errors.map((error) => (error as RegistryError).kind);
      expect(kinds.filter((kind) => kind === "too-many-requests")).toHaveLength(49);
      expect(kinds.filter((kind) => kind === "login-failed")).toHaveLength(101);
      await expectRefused(authenticator, `${user}:149`);
    },
  );

  test.each(["alice", "nobody"])(
    "one wrong password of %s that comes many times at once costs one check",
    async (user) => {
      writeFileSync(path, `alice:${await hashOf("secret")}\n`);
      const attempts = Array.from({ length: 150 }, () => authenticator.authenticate(basic(`${user}:same`)));
      const settled = await Promise.allSettled(attempts);
      for (const result of settled) expect(result).toMatchObject({ reason: { kind: "login-failed" } });
    },
  );

  test("lets in nobody while its path cannot be looked at, says so once, and goes on afterwards", async () => {
    symlinkSync(path, path);
    await expectRefused(authenticator, "alice:secret");
    await expectRefused(authenticator, "alice:other");
    expect(problems).toEqual([expect.stringMatching(/cannot be read, nobody can log in: ELOOP/)]);
    unlinkSync(path);
    writeFileSync(path, `alice:${await hashOf("secret")}\n`);
    expect(await authenticator.authenticate(basic("alice:secret"))).toEqual(alice);
  });

  test("tells at once of a file without users", () => {
    writeFileSync(path, "# nobody yet\n");
    authenticator.source.readFile();
    expect(problems).toEqual([`${path} has no user who can log in`]);
  });

  test("tells that it was changed within some milliseconds", async () => {
    writeFileSync(path, `alice:${await hashOf("one")}\n`);
    const before = authenticator.source.version();
    expect(authenticator.source.version()).toBe(before);
    writeFileSync(path, `alice:${await hashOf("another")}\nbob:x\n`);
    await until("the file has another version", () => authenticator.source.version() !== before);
  });
});

test("a password is verified once, also by many at once, and again when the hash changed", async () => {
  let checks = 0;
  const verified = new VerifiedPasswords(new Uint8Array(32), async (password, hash) => {
    checks++;
    await Bun.sleep(1);
    return hash === `hash of ${password}`;
  });
  const many = await Promise.all(Array.from({ length: 50 }, async () => verified.check("alice", "a", "hash of a")));
  expect(many.every(Boolean)).toBe(true);
  expect(checks).toBe(1);
  expect(verified.check("alice", "a", "hash of a")).toBe(true);
  expect(await verified.check("alice", "a", "hash of b")).toBe(false);
  expect(await verified.check("bob", "a", "hash of a")).toBe(true);
  expect(checks).toBe(3);
});

test("one check runs at a time, in the order they came, and a failed one holds up nobody", async () => {
  const turns = new BoundedTurns(10);
  const events: string[] = [];
  const check = (name: string) =>
    turns.run(async () => {
      events.push(`${name} starts`);
      await Bun.sleep(1);
      events.push(`${name} ends`);
      if (name === "b") throw new Error("no");
      return name;
    });
  const results = await Promise.allSettled(["a", "b", "c"].map(check));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
});

test("a wrong password is not remembered as right", async () => {
  const verified = new VerifiedPasswords(new Uint8Array(32), () => Promise.resolve(false));
  expect(await verified.check("alice", "a", "h")).toBe(false);
  expect(await verified.check("alice", "a", "h")).toBe(false);
});

test("the file is made with one user where it is missing, for its owner alone", async () => {
  const missing = join(folder, "new", "htpasswd");
  expect(await createHtpasswdIfMissing(missing, "generated")).toBe(true);
  expect(statSync(missing).mode & 0o777).toBe(0o600);
  const made = new FileLogin(new HtpasswdSource(missing, new Uint8Array(32), () => undefined));
  expect(await made.authenticate(basic("docker:generated"))).toBe("docker");
  expect(await createHtpasswdIfMissing(missing, "other")).toBe(false);
  await expectRefused(made, "docker:other");
});

test.each([
  ["Basic", undefined],
  ["Basic !!!", undefined],
  ["Bearer abc", undefined],
  [basic("no colon"), undefined],
  [basic(":password"), undefined],
  [`Basic ${"a".repeat(5000)}`, undefined],
  [basic("a:"), { username: "a", password: "" }],
  [basic("a:b").replace("Basic", "bAsIc"), { username: "a", password: "b" }],
])("credentials of %p", (header, expected) => {
  expect(parseBasicCredentials(header)).toEqual(expected);
});

test("the last line of a user wins", async () => {
  const [first, second] = [await hashOf("1"), await hashOf("2")];
  expect(parseHtpasswd(`a:${first}\na:${second}\n`).entries.get("a")).toBe(second);
});
