import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";

import { HttpClient } from "../support/http-client.ts";
import { berthWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { LAYER, pushSample } from "./sample.ts";

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const as = (user: string, password: string) => ({ authorization: basic(user, password) });

const berth = berthWith({ htpasswd: { alice: "wonderland", bob: "pass:with:colons", çelik: "şifre" } }, (http) =>
  pushSample(new HttpClient(http.url, as("alice", "wonderland")), "app"),
);
const http = () => new HttpClient(berth().url);
const challenge = { "www-authenticate": 'Basic realm="Test realm"' };
const refused = { status: 401, code: "UNAUTHORIZED", answers: challenge } as const;

describe("without a login", () => {
  const rows: readonly Row[] = [
    { about: "the base asks for one", ask: "GET /v2/", ...refused },
    { about: "so it does without body", ask: "HEAD /v2/", status: 401, answers: challenge, text: "" },
    { about: "manifests do", ask: "GET /v2/app/manifests/latest", ...refused },
    { about: "blobs do", ask: `GET /v2/app/blobs/${LAYER.digest}`, ...refused },
    { about: "tags do", ask: "GET /v2/app/tags/list", ...refused },
    { about: "the catalog does", ask: "GET /v2/_catalog", ...refused },
    { about: "referrers do", ask: `GET /v2/app/referrers/${LAYER.digest}`, ...refused },
    { about: "uploads do", ask: "POST /v2/app/blobs/uploads/", ...refused },
    { about: "pushes do", ask: "PUT /v2/app/manifests/latest", body: "{}", ...refused },
    { about: "deletes do", ask: "DELETE /v2/app/manifests/latest", ...refused },
    { about: "what is absent does", ask: "GET /v2/nobody/manifests/latest", ...refused },
    { about: "a bad name does", ask: "GET /v2/BAD/manifests/latest", ...refused },
    { about: "the root is open", ask: "GET /", status: 200, text: "" },
    { about: "life is open", ask: "GET /livez", status: 200 },
  ];
  testRows(http, rows);
});

describe("with a login that is not right", () => {
  const login = (about: string, authorization: string): Row => ({
    about,
    ask: "GET /v2/",
    headers: { authorization },
    ...refused,
  });
  testRows(http, [
    login("of a wrong password", basic("alice", "wonder")),
    login("of a longer password", basic("alice", "wonderland!")),
    login("of another's password", basic("alice", "pass:with:colons")),
    login("of no password", basic("alice", "")),
    login("of nobody", basic("mallory", "wonderland")),
    login("of no user", basic("", "wonderland")),
    login("of another case", basic("Alice", "wonderland")),
    login("of a user that is part of the language", basic("__proto__", "x")),
    login("of a hash", basic("bob", "$2y$05$")),
    login("without colon", `Basic ${btoa("alice")}`),
    login("that is not base64", "Basic !!!"),
    login("of a token", "Bearer x"),
    login("of nothing", "Basic"),
    login("of noise", "x"),
    login("of a very long password", basic("bob", "x".repeat(9000))),
  ]);
});

describe("with the right login", () => {
  testRows(http, [
    { about: "the base is open", ask: "GET /v2/", headers: as("alice", "wonderland"), status: 200, text: "{}" },
    { about: "also for a password with colons", ask: "GET /v2/", headers: as("bob", "pass:with:colons"), status: 200 },
    { about: "also for letters of the world", ask: "GET /v2/", headers: as("çelik", "şifre"), status: 200 },
    {
      about: "also for a scheme in another case",
      ask: "GET /v2/",
      headers: { authorization: basic("alice", "wonderland").replace("Basic", "bAsIC") },
      status: 200,
    },
    {
      about: "blobs come",
      ask: `GET /v2/app/blobs/${LAYER.digest}`,
      headers: as("bob", "pass:with:colons"),
      status: 200,
      bytes: LAYER.bytes,
    },
    {
      about: "what is absent is absent",
      ask: "GET /v2/nobody/tags/list",
      headers: as("alice", "wonderland"),
      status: 404,
      code: "NAME_UNKNOWN",
    },
    { about: "uploads start", ask: "POST /v2/app/blobs/uploads/", headers: as("alice", "wonderland"), status: 202 },
  ]);
});

describe("a change of the password file", () => {
  const own = berthWith({ htpasswd: { alice: "old", bob: "stays" } });
  const status = async (user: string, password: string) =>
    (await new HttpClient(own().url, as(user, password)).get("/v2/")).status;

  /** Replaces the file as `htpasswd` does, by `user:password` pairs. */
  async function write(users: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(users).map(([user, password]) => {
      const hash = Bun.password.hashSync(password, { algorithm: "bcrypt", cost: 4 });
      return `${user}:${hash}\n`;
    });
    await Bun.write(join(dirname(own().configFile), "htpasswd"), lines.join(""));
    // The file is looked at every 10 ms.
    await Bun.sleep(20);
  }

  test("counts from the next request on", async () => {
    expect([await status("alice", "old"), await status("carol", "new")]).toEqual([200, 401]);
    await write({ alice: "new", bob: "stays", carol: "new" });
    expect([await status("alice", "old"), await status("alice", "new")]).toEqual([401, 200]);
    expect([await status("carol", "new"), await status("bob", "stays")]).toEqual([200, 200]);
  });

  test("locks out who was taken from it, although it was let in before", async () => {
    await write({ alice: "1", bob: "2" });
    expect([await status("alice", "1"), await status("bob", "2")]).toEqual([200, 200]);
    await write({ bob: "2" });
    expect([await status("alice", "1"), await status("bob", "2")]).toEqual([401, 200]);
  });

  test("that leaves nothing of it lets nobody in, and the registry goes on", async () => {
    await write({});
    expect(await status("bob", "2")).toBe(401);
    await write({ bob: "3" });
    expect(await status("bob", "3")).toBe(200);
  });
});
