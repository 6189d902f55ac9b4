import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates } from "../../../support/certificates.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { type ApiUnderTest, openApi } from "../../http/api/api-under-test.ts";
import { run } from "./berth-at.ts";

let api: ApiUnderTest;
let server: ReturnType<ApiUnderTest["serve"]>;
const folder = makeTemporaryFolder("cli");
const env = { HOME: folder };
const file = join(folder, ".config/berth/credentials.json");

beforeAll(async () => {
  api = await openApi();
  server = api.serve();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("anna");
    await rows.repositories("team/app");
  });
  await api.ask("root", "POST /users", { body: { name: "new", password: "correct horse battery" } });
});

afterAll(async () => {
  await server.stop();
  await api.close();
  removeTemporaryFolder(folder);
});

const asRoot = () => ({ BERTH_SERVER: server.url, BERTH_USERNAME: "root", BERTH_PASSWORD: "secret" });

describe("berth login", () => {
  afterEach(() => run(["logout", server.url], { env }));

  test("makes a token, keeps it for its owner alone, and logout takes it back", async () => {
    const login = await run(["login", server.url, "-u", "anna", "--password-stdin"], { env, piped: "secret\n" });
    expect(login).toMatchObject({ exitCode: 0, stderr: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toMatch(/"secret": "berth_pat_\w{46}"/);
    expect((await api.ask("anna", "GET /me/tokens")).json.items).toHaveLength(1);

    expect(await run(["whoami"], { env })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("user:anna") });
    expect((await run(["logout"], { env })).stdout).toBe(`Signed out of ${server.url}.\n`);
    expect((await api.ask("anna", "GET /me/tokens")).json.items).toEqual([]);
    expect((await run(["whoami", "--server", server.url], { env })).exitCode).toBe(77);
  });

  test("is to be done again where what is kept is good no more, which is said", async () => {
    await run(["login", server.url, "-u", "anna", "--password-stdin"], { env, piped: "secret" });
    const kept = readFileSync(file, "utf8");
    writeFileSync(file, kept.replace('"anna"', '"gone"'));
    const { exitCode, stderr } = await run(["whoami"], { env });
    expect([exitCode, stderr]).toEqual([77, expect.stringMatching(/taken back: \S*berth login http:\S+\n$/)]);
    const byName = { ...env, BERTH_USERNAME: "anna", BERTH_PASSWORD: "wrong" };
    expect((await run(["whoami"], { env: byName })).stderr).not.toContain("taken back");
    writeFileSync(file, kept);
  });

  test("to several servers: the one of the last is meant, until it is left", async () => {
    const other = api.serve();
    for (const { url } of [server, other])
      await run(["login", url, "-u", "anna", "--password-stdin"], { env, piped: "secret" });
    for (const { url } of [other, server])
      expect((await run(["logout"], { env })).stdout).toBe(`Signed out of ${url}.\n`);
    await other.stop();
  });

  test("twice leaves one token", async () => {
    for (let times = 0; times < 2; times++)
      await run(["login", server.url, "-u", "anna", "--password-stdin"], { env, piped: "secret" });
    expect((await api.ask("anna", "GET /me/tokens")).json.items).toHaveLength(1);
  });

  test("asks for name and password, which it does not show", async () => {
    const { exitCode, stderr, stdout } = await run(["login", server.url], { env, typed: ["anna", "secret"] });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "User name: Password: \n" });
    expect(stdout).not.toContain("secret");
  });

  test("lets a password be changed that must be", async () => {
    const typed = ["correct horse battery", "another good one", "another good one"];
    const { exitCode, stderr } = await run(["login", server.url, "-u", "new"], { env, typed });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "Password: \nNew password: \nThe same again: \n" });
    expect((await api.ask("root", "GET /users/new")).json.mustChangePassword).toBe(false);
  });

  test("asks for a new password until it is one that may be", async () => {
    const first = "correct horse battery";
    await api.ask("root", "POST /users", { body: { name: "third", password: first } });
    const typed = [first, "short", "short", "another good one", "not the same", "another good one", "another good one"];
    const { exitCode, stderr } = await run(["login", server.url, "-u", "third"], { env, typed });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: [
        "Password: ",
        "New password: ",
        "The same again: ",
        "a password has at least 12 characters",
        "New password: ",
        "The same again: ",
        "The two are not the same.",
        "New password: ",
        "The same again: ",
        "",
      ].join("\n"),
    });
  });

  test("an end of what is typed ends it", async () => {
    const first = "correct horse battery";
    await api.ask("root", "POST /users", { body: { name: "fourth", password: first } });
    const { exitCode } = await run(["login", server.url, "-u", "fourth"], { env, typed: [first, "short", "short"] });
    expect(exitCode).toBe(130);
  });

  test("a file that is not whole is named", async () => {
    const home = join(folder, "torn");
    const torn = join(home, ".config/berth/credentials.json");
    for (const text of ["{", "{}", '{"servers": {"x": 1}}']) {
      await Bun.write(torn, text);
      const { exitCode, stderr } = await run(["whoami"], { env: { HOME: home } });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 78,
        stderr: `${torn} cannot be read: remove it and sign in again\n`,
      });
    }
  });

  test("says what is wrong", async () => {
    const wrong = await run(["login", server.url, "-u", "anna", "--password-stdin"], { env, piped: "wrong" });
    expect(wrong).toMatchObject({ exitCode: 77, stderr: "the user name or the password is wrong\n" });
    const nowhere = await run(["login", "http://127.0.0.1:1", "-u", "a", "--password-stdin"], { env, piped: "x" });
    expect(nowhere).toMatchObject({ exitCode: 69, stderr: expect.stringContaining("cannot be reached") });
    const nobody = await run(["login", server.url, "-u", "anna"], { env });
    expect(nobody).toMatchObject({
      exitCode: 64,
      stderr: "Password: there is no terminal to ask at, give it by --password-stdin\n",
    });
  });
});

describe("a password or a token without a session", () => {
  const asked = () => ({ HOME: folder, BERTH_SERVER: server.url });

  test("a password is changed by a script, as one that must be", async () => {
    const first = "correct horse battery";
    const made = await run(["user", "create", "robo", "--password-stdin"], { env: asRoot(), piped: first });
    expect(made.stdout).toBe(`Made robo.\nNow robo chooses another password: bin/berth login ${server.url} -u robo\n`);
    const change = (piped: string) =>
      run(["user", "change-password", "robo", "--password-stdin"], { env: asked(), piped });
    expect(await change(`${first}\nmine and nobody else's\n`)).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await api.ask("root", "GET /users/robo")).json.mustChangePassword).toBe(false);
    expect((await change(`${first}\nanother good one\n`)).exitCode).toBe(77);
    expect((await change("mine and nobody else's\nshort\n")).exitCode).toBe(64);
    for (const lines of ["one\n", "one\n\n", "one\ntwo\nthree\n"])
      expect(await change(lines)).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("two lines") });
  });

  test("a personal token is made by the password, which is asked for also of who is signed in", async () => {
    await run(["login", server.url, "-u", "anna", "--password-stdin"], { env, piped: "secret" });
    const { exitCode, stdout, stderr } = await run(["token", "create", "laptop"], { env, typed: ["secret"] });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^berth_pat_\w{46}\n$/),
      stderr: "Password of anna: \n",
    });
    await run(["logout", server.url], { env });
    const byVariables = { ...asked(), BERTH_USERNAME: "anna", BERTH_PASSWORD: "secret" };
    const limited = ["token", "create", "ci", "--path", "team/**", "--actions", "pull,push", "--json"];
    expect(JSON.parse((await run(limited, { env: byVariables })).stdout)).toMatchObject({
      name: "ci",
      limits: [{ pathPattern: "team/**", actions: ["pull", "push"] }],
    });
    const nobody = await run(["token", "create", "x"], { env: { ...asked(), BERTH_USERNAME: "anna" } });
    expect(nobody).toMatchObject({
      exitCode: 64,
      stderr: "Password of anna: there is no terminal to ask at, give it by BERTH_PASSWORD\n",
    });
  });
});

describe("a server that cannot be asked", () => {
  test("as nobody signs in there tells of --local", async () => {
    const none = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { status: 404 }) });
    const { exitCode, stderr } = await run(["whoami"], { env: { ...asRoot(), BERTH_SERVER: none.url.origin } });
    await none.stop(true);
    expect([exitCode, stderr]).toEqual([69, expect.stringContaining("and commands take --local")]);
  });

  test("that speaks TLS where none was meant is told of", async () => {
    const { certificate, key } = await makeCertificates();
    const tls = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert: Bun.file(certificate), key: Bun.file(key) },
      fetch: () => new Response(),
    });
    const ask = (name: string) => run(["whoami"], { env: { ...asRoot(), BERTH_SERVER: name } });
    const plain = await ask(`localhost:${tls.port}`);
    expect(plain.exitCode).toBe(69);
    expect(plain.stderr).toContain(`(if it has TLS, write https://localhost:${tls.port})`);
    expect(plain.stderr).not.toContain("verbose");
    const unknown = await ask(`https://localhost:${tls.port}`);
    expect(unknown).toMatchObject({ exitCode: 69, stderr: expect.stringContaining("NODE_EXTRA_CA_CERTS") });
    await tls.stop(true);
  });
});

describe("commands over the API", () => {
  test("need a server", async () => {
    expect(await run(["user", "list"], { env: { HOME: `${folder}/empty` } })).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining("Which registry?"),
    });
  });

  test("show tables to people and JSON to scripts", async () => {
    const table = await run(["user", "list"], { env: asRoot() });
    expect(table.stdout.split("\n")[0]).toMatch(/^name +source +display name +system role +state +last used$/);
    expect(table.stdout).toMatch(/^root +local +- +administrator +active +-$/m);
    const json = JSON.parse((await run(["user", "list", "--json"], { env: asRoot() })).stdout);
    expect(json.map(({ name }: { name: string }) => name)).toEqual(["anna", "fourth", "new", "robo", "root", "third"]);
  });

  test("read a list to its end, page by page", async () => {
    for (let number = 0; number < 120; number++)
      await api.ask("root", "POST /groups", { body: { name: `g${number}` } });
    const groups = JSON.parse((await run(["group", "list", "--json"], { env: asRoot() })).stdout);
    expect(groups).toHaveLength(120);
  });

  test("ask before they destroy", async () => {
    const unasked = await run(["group", "delete", "g1"], { env: asRoot() });
    expect(unasked).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("--yes") });
    const declined = await run(["group", "delete", "g1"], { env: asRoot(), typed: ["n"] });
    expect(declined).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("[y/N] nothing was changed") });
    expect((await api.ask("root", "GET /groups/g1")).status).toBe(200);
    expect(await run(["group", "delete", "g1"], { env: asRoot(), typed: ["y"] })).toMatchObject({ exitCode: 0 });
    expect(await run(["group", "delete", "g2", "--yes"], { env: asRoot() })).toMatchObject({ exitCode: 0 });
    expect(await run(["group", "delete", "g2", "--yes"], { env: asRoot() })).toMatchObject({
      exitCode: 66,
      stderr: "there is no group g2\n",
    });
  });

  test.each([
    ["denied", ["user", "list"], 77],
    ["bad", ["access", "grant", "anna", "team/**", "reign"], 64],
    ["missing", ["robot", "show", "team+none"], 66],
  ])("end with a code that tells what was wrong: %s", async (_, argv, exitCode) => {
    const username = exitCode === 77 ? "anna" : "root";
    expect((await run(argv, { env: { ...asRoot(), BERTH_USERNAME: username } })).exitCode).toBe(exitCode);
  });

  test("administer namespaces, roles, grants, robots and say why", async () => {
    const ok = async (...argv: string[]) => {
      const { exitCode, stdout, stderr } = await run(argv, { env: asRoot() });
      expect({ argv, exitCode, stderr }).toEqual({ argv, exitCode: 0, stderr: "" });
      return stdout;
    };
    await ok("namespace", "set-visibility", "team", "internal");
    expect(await ok("namespace", "set-role", "team", "anna", "writer")).toBe("user:anna is writer of team.\n");
    await ok("namespace", "set-role", "/", "signed-in", "reader");
    expect(await ok("namespace", "show", "team/app")).toMatch(/^visibility +internal$/m);
    expect(await ok("namespace", "members", "team/app")).toMatch(/^signed-in +reader +\/$/m);
    expect(await ok("namespace", "list")).toMatch(/^team +internal +itself$/m);
    await ok("robot", "create", "team", "ci", "--expires", "90d");
    expect(await ok("robot", "create-secret", "team+ci", "one")).toMatch(/^berth_robot_\w{46}\n$/);
    await ok(
      "robot",
      "trust",
      "team+ci",
      "https://ci.example",
      "--audience",
      "registry",
      "--claim",
      "ref=refs/heads/main",
      "--claim",
      "repository=team/app",
    );
    expect(await ok("robot", "trusts", "team+ci")).toContain("ref=refs/heads/main, repository=team/app");
    expect(await ok("access", "grant", "team+ci", "team/**", "pull,push", "--tags", "dev-*")).toMatch(
      /^Granted as no\. \d+\.\n$/,
    );
    expect(await ok("access", "grants", "--subject", "team+ci")).toMatch(
      /robot:team\+ci +team\/\*\* +dev-\* +pull, push/,
    );
    expect(await ok("access", "explain", "anna", "team/app", "push")).toBe(
      [
        "anna may push team/app: user:anna is writer of team.",
        "",
        "Rules about: user:anna, source:local, signed-in",
        "Visibility: internal, from team",
        "Nodes, from the repository up:",
        "  team: internal, user:anna is writer",
        "  /: signed-in is reader",
        "",
      ].join("\n"),
    );
    await ok("namespace", "delete", "team", "--yes");
    expect(await ok("access", "explain", "anonymous", "team/app", "pull")).toStartWith(
      "anonymous may not pull team/app: no role",
    );
  });

  test("read the audit trail", async () => {
    const list = await run(["audit", "list", "--act", "group.create", "--limit", "101"], { env: asRoot() });
    expect(list).toMatchObject({ exitCode: 0, stderr: "" });
    expect(list.stdout.split("\n").filter((line) => line.includes("group.create"))).toHaveLength(101);

    const exported = await run(["audit", "export"], { env: asRoot() });
    const lines = exported.stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual(lines.map((_, index) => index + 1));
    const kept = join(folder, "exported.jsonl");
    await Bun.write(kept, exported.stdout);
    const verified = await run(["audit", "verify", "--against", kept], { env: asRoot() });
    expect(verified).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`${lines.length} acts are as exported`),
    });
    await Bun.write(kept, exported.stdout.replace(/"hash":"./, '"hash":"x'));
    expect((await run(["audit", "verify", "--against", kept], { env: asRoot() })).exitCode).toBe(1);
    expect((await run(["audit", "verify", "--against", `${kept}.none`], { env: asRoot() })).exitCode).toBe(66);
    expect((await run(["audit", "list"], { env: { ...asRoot(), BERTH_USERNAME: "anna" } })).exitCode).toBe(77);
  });
});
