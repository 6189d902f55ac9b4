import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSealSecret, Seal } from "../../../../src/auth/index.ts";
import { FileError } from "../../../../src/runtime/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { failureOf } from "./token-parts.ts";

describe("a seal", () => {
  const seal = new Seal("secret", "keys", randomBytes);
  const sealed = seal.seal("text ä", "one");

  test("is opened by who has the secret, after a start too", () => {
    expect(seal.unseal(sealed, "one")).toBe("text ä");
    expect(new Seal("secret", "keys", randomBytes).unseal(sealed, "one")).toBe("text ä");
    expect(sealed).not.toContain("text");
    expect(seal.seal("text ä", "one")).not.toBe(sealed);
  });

  test.each([
    ["another secret", new Seal("other", "keys", randomBytes), sealed, "one"],
    ["another purpose", new Seal("secret", "cookies", randomBytes), sealed, "one"],
    ["another place", seal, sealed, "two"],
    ["a changed letter", seal, sealed.slice(0, 30) + (sealed[30] === "A" ? "B" : "A") + sealed.slice(31), "one"],
    ["a piece of it", seal, sealed.slice(0, -8), "one"],
    ["another version", seal, sealed.replace("v1", "v2"), "one"],
    ["nothing", seal, "", "one"],
    ["a tag alone", seal, `v1.${Buffer.alloc(27).toString("base64url")}`, "one"],
  ])("is not opened with %s", (_, opener, text, context) => expect(opener.unseal(text, context)).toBeUndefined());
});

describe("the key file", () => {
  let folder: string;
  let path: string;
  let problems: string[];
  beforeEach(() => {
    folder = makeTemporaryFolder("seal");
    path = join(folder, "berth.key");
    problems = [];
  });
  afterEach(() => removeTemporaryFolder(folder));
  const open = () => openSealSecret(path, { random: randomBytes, report: (problem) => problems.push(problem) });

  test("is made at the first use, for its owner alone, and found again", async () => {
    const secret = await open();
    expect(secret.byteLength).toBe(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await open()).toEqual(secret);
    expect(readdirSync(folder)).toEqual(["berth.key"]);
    expect(problems).toEqual([]);
  });

  test("is one for all who make it at the same time", async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, open));
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString("hex"))).size).toBe(1);
    expect(readFileSync(path, "utf8").trim()).toBe(Buffer.from(secrets[0] ?? []).toString("base64url"));
    expect(readdirSync(folder)).toEqual(["berth.key"]);
  });

  test("that others can read is told of", async () => {
    await open();
    chmodSync(path, 0o644);
    await open();
    expect(problems).toEqual([`${path} can be read by others than its owner: chmod 600 it`]);
  });

  test.each(["", "short", "x".repeat(44)])("that holds %p is refused and stays as it is", async (text) => {
    writeFileSync(path, text, { mode: 0o600 });
    const error = await failureOf(open);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(path);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that cannot be made says why", async () => {
    path = join(folder, "missing", "berth.key");
    expect(await failureOf(open)).toBeInstanceOf(FileError);
  });
});
