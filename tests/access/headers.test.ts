import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { clearSignInFailures } from "../../src/metadata/index.ts";
import { pushImage } from "../support/push-content.ts";
import { askRaw } from "../support/raw-http.ts";
import { basic, guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const PATH = "/v2/team/app/tags/list";

const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner", "team");
  await berth.user("mallory");
  await pushImage(berth.as("alice"), "team/app", "v1");
});

// Each test guesses some times.
beforeEach(() =>
  guarded().change(({ metadata }) => metadata.transaction((queries) => clearSignInFailures(queries, "account:alice"))),
);

const encoded = (text: string | Uint8Array) => Buffer.from(text).toString("base64");

/** Sends these header lines, byte by byte. */
async function statusOf(lines: readonly string[], path = PATH): Promise<number> {
  const { port, host } = guarded().berth;
  const head = [`GET ${path} HTTP/1.1`, `host: ${host}`, ...lines, "connection: close"];
  return (await askRaw(port, `${head.join("\r\n")}\r\n\r\n`)).status;
}

const alice = basic({ name: "alice" });

test("credentials are taken in each way that they may be written", async () => {
  const token = await guarded().token(["repository:team/app:pull"], { name: "alice" });
  for (const value of [alice, alice.replace("Basic", "bAsIc"), alice.replace(" ", "   "), `${alice}  `])
    expect(`${value} ${await statusOf([`authorization: ${value}`])}`).toBe(`${value} 200`);
  for (const scheme of ["Bearer ", "bearer ", "BEARER   "])
    expect(`${scheme} ${await statusOf([`authorization: ${scheme}${token}`])}`).toBe(`${scheme} 200`);
});

describe("nobody is let in who sends", () => {
  test("two headers, whatever is in them", async () => {
    const token = await guarded().token(["repository:team/app:pull"], { name: "alice" });
    const mallory = basic({ name: "mallory" });
    const bearer = `Bearer ${token}`;
    for (const [first, second] of [
      [alice, mallory],
      [mallory, alice],
      [alice, alice],
      [bearer, mallory],
      [mallory, bearer],
      [bearer, bearer],
      ["Basic x", alice],
      [alice, "Bearer x"],
    ] as const)
      expect(await statusOf([`authorization: ${first}`, `Authorization: ${second}`])).toBeOneOf([400, 401]);
  });

  test("two schemes or two values in one", async () => {
    const token = await guarded().token(["repository:team/app:pull"], { name: "alice" });
    for (const value of [
      `${alice}, Bearer ${token}`,
      `Bearer ${token}, ${alice}`,
      `Bearer ${token} ${token}`,
      `Basic Bearer ${token}`,
      `Bearer Basic ${encoded(`alice:${PASSWORD}`)}`,
      `Basic ${token}`,
      `Bearer ${encoded(`alice:${PASSWORD}`)}`,
      `Basic${encoded(`alice:${PASSWORD}`)}`,
      `Basic\t${encoded(`alice:${PASSWORD}`)}`,
      token,
      `Token ${token}`,
      `Negotiate ${token}`,
      `Bearer\t${token}`,
      "Bearer",
      "Bearer ",
      "Basic",
      "Basic ",
      "Basic =",
      "Basic Og==",
      "",
    ])
      expect(`${value} ${await statusOf([`authorization: ${value}`])}`).toBeOneOf([`${value} 401`, `${value} 400`]);
  });

  test.each<[string, string | Uint8Array]>([
    ["a NUL after the name", `alice\0:${PASSWORD}`],
    ["a NUL after the password", `alice:${PASSWORD}\0`],
    ["a NUL and more after the name", `alice\0mallory:${PASSWORD}`],
    ["a line end after the name", `alice\r\n:${PASSWORD}`],
    ["a line end after the password", `alice:${PASSWORD}\r\nx-other: header`],
    ["no name", `:${PASSWORD}`],
    ["no password", "alice:"],
    ["no colon", "alice"],
    ["a space before the name", ` alice:${PASSWORD}`],
    ["a space behind the name", `alice :${PASSWORD}`],
    ["the name in wide letters", `ａｌｉｃｅ:${PASSWORD}`],
    ["the name with a letter that looks alike", `аlice:${PASSWORD}`],
    ["the name with what cannot be seen", `ali\u200bce:${PASSWORD}`],
    ["bytes that are no UTF-8", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`alice:${PASSWORD}`)])],
    ["an overlong colon", Buffer.concat([Buffer.from("alice"), Buffer.from([0xc0, 0xba]), Buffer.from(PASSWORD)])],
    ["half a character", Buffer.concat([Buffer.from(`alice:${PASSWORD}`), Buffer.from([0xe2, 0x82])])],
    ["SQL", `alice' --:${PASSWORD}`],
    ["a pattern", `al%:${PASSWORD}`],
    ["a name of an object", "__proto__:x"],
  ])("%s", async (_about, text) => {
    expect(await statusOf([`authorization: Basic ${encoded(text)}`])).toBe(401);
  });

  test("any of that to be given a token", async () => {
    const texts = [`alice\0:${PASSWORD}`, `alice :${PASSWORD}`, `ali\u200bce:${PASSWORD}`, `:${PASSWORD}`, "alice:"];
    const asked = texts.map((text) => statusOf([`authorization: Basic ${encoded(text)}`], "/token?service=berth"));
    expect(await Promise.all(asked)).toEqual(texts.map(() => 401));
  });

  test.each([8 * 1024, 13 * 1024, 20 * 1024, 200 * 1024])("a name or a password of %i characters", async (length) => {
    for (const text of [
      `${"a".repeat(length)}:x`,
      `alice:${"a".repeat(length)}`,
      `alice:${PASSWORD}${" ".repeat(length)}`,
    ])
      for (const path of [PATH, "/token?service=berth"]) {
        const status = await statusOf([`authorization: Basic ${encoded(text)}`], path);
        // 0 and 431: longer than any header may be.
        expect(status).toBeOneOf([0, 400, 401, 431]);
      }
    expect(await statusOf([`authorization: Bearer ${"a".repeat(length)}`])).toBeOneOf([0, 401, 431]);
  });

  test("credentials where none are looked for", async () => {
    const token = await guarded().token(["repository:team/app:pull"], { name: "alice" });
    for (const [path, ...lines] of [
      [`${PATH}?access_token=${token}`],
      [`${PATH}?token=${token}`],
      [`${PATH}?account=alice`],
      [PATH, `proxy-authorization: ${alice}`],
      [PATH, `x-authorization: ${alice}`],
      [PATH, `cookie: token=${token}; Authorization=Bearer ${token}`],
      [PATH, "x-forwarded-user: alice"],
      [PATH, "x-remote-user: alice", "remote-user: alice"],
      [PATH, "x-berth-user: alice", "x-original-url: /v2/"],
      ["/v2/", "x-original-url: /livez", "x-rewrite-url: /livez"],
    ] as const)
      expect(`${path} ${lines.join()} ${await statusOf(lines, path)}`).toBe(`${path} ${lines.join()} 401`);
  });
});
