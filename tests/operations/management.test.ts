import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

const PASSWORD = "correct horse battery";
let berth: RunningRegistry;
let env: Readonly<Record<string, string>>;

const basic = (name: string, password: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });
const as = (name: string, password: string) => new HttpClient(berth.url, basic(name, password));

/** Runs a command that must succeed, as the administrator; returns what it says. */
async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth(args, { env });
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

const runLocally = (...args: readonly string[]) => run(...args, "--local", berth.configFile);

/** A user who may sign in at once. */
async function createUser(name: string): Promise<void> {
  await runLocally("user", "create", name, "--generate");
  const given = JSON.parse(await runLocally("user", "reset-password", name, "--generate", "--json")) as {
    password: string;
  };
  const body = JSON.stringify({ oldPassword: given.password, newPassword: PASSWORD });
  const headers = { "content-type": "application/json" };
  expect((await as(name, given.password).put("/api/v1/me/password", { headers, body })).status).toBe(204);
}

beforeAll(async () => {
  berth = await startBerth({ config: { auth: { accounts: {} } } });
  env = {
    HOME: makeTemporaryFolder("home"),
    BERTH_SERVER: berth.url,
    BERTH_USERNAME: "chief",
    BERTH_PASSWORD: PASSWORD,
  };
  await createUser("chief");
  await runLocally("user", "update", "chief", "--system-role", "administrator");
  await createUser("anna");
});

afterAll(() => berth.stop());

describe("what is administered", () => {
  const pull = (http: HttpClient) => http.get("/v2/team/app/tags/list").then(({ status }) => status);

  test("holds from the next request on", async () => {
    await pushImage(as("chief", PASSWORD), "team/app", "latest");
    const anna = as("anna", PASSWORD);
    expect(await pull(anna)).toBe(404);
    await run("namespace", "set-role", "team", "anna", "reader");
    expect(await pull(anna)).toBe(200);
    await run("namespace", "remove-role", "team", "anna", "--yes");
    expect(await pull(anna)).toBe(404);
    await run("access", "grant", "anna", "team/**", "pull");
    expect(await pull(anna)).toBe(200);
    expect(await run("access", "explain", "anna", "team/app", "pull")).toStartWith("anna may pull team/app: grant 1 ");
  });

  test("on the database itself holds as soon in the registry that serves it", async () => {
    await runLocally("namespace", "set-visibility", "open", "public", "--yes");
    await pushImage(as("chief", PASSWORD), "open/app", "latest");
    expect((await new HttpClient(berth.url).get("/v2/open/app/tags/list")).status).toBe(200);
    await runLocally("user", "disable", "anna", "--yes");
    expect(await pull(as("anna", PASSWORD))).toBe(401);
    await runLocally("user", "enable", "anna");
    expect(await pull(as("anna", PASSWORD))).toBe(200);
  });

  test("gives a robot a secret that is good until it is revoked", async () => {
    await run("robot", "create", "team", "ci");
    await run("namespace", "set-role", "team", "team+ci", "writer");
    const { secret, id } = JSON.parse(await run("robot", "create-secret", "team+ci", "one", "--json")) as {
      secret: string;
      id: number;
    };
    await pushImage(as("team+ci", secret), "team/app", "ci");
    await run("robot", "revoke-secret", "team+ci", String(id), "--yes");
    expect(await pull(as("team+ci", secret))).toBe(401);
  });
});

describe("a token that login has made", () => {
  test("is good for commands and clients until logout", async () => {
    const home = { HOME: makeTemporaryFolder("home") };
    const login = await runBerth(["login", berth.url, "-u", "anna", "--password-stdin"], {
      env: home,
      input: PASSWORD,
    });
    expect(login).toMatchObject({ exitCode: 0, stderr: "" });
    const file = `${home.HOME}/.config/berth/credentials.json`;
    const kept = (await Bun.file(file).json()) as { servers: Record<string, { secret: string }> };
    const secret = kept.servers[berth.url]?.secret ?? "";
    expect((await runBerth(["whoami"], { env: home })).stdout).toContain("user:anna");
    expect((await as("anna", secret).get("/v2/")).status).toBe(200);
    expect((await runBerth(["logout"], { env: home })).exitCode).toBe(0);
    expect((await as("anna", secret).get("/v2/")).status).toBe(401);
  });

  test("makes no other tokens, and one that is limited administers nothing", async () => {
    const made = await run("token", "create", "all");
    const byToken = { ...env, BERTH_PASSWORD: made.trim() };
    expect((await runBerth(["token", "create", "more"], { env: byToken })).exitCode).toBe(77);
    expect((await runBerth(["user", "list"], { env: byToken })).exitCode).toBe(0);
    const limited = await run("token", "create", "one", "--path", "team/**", "--actions", "pull");
    expect((await runBerth(["user", "list"], { env: { ...env, BERTH_PASSWORD: limited.trim() } })).exitCode).toBe(77);
  });
});

test("a robot with a grant and nothing else says what a cluster runs, of the server that it asks", async () => {
  const { manifest } = await pushImage(as("chief", PASSWORD), "ops/app", "latest");
  await run("robot", "create", "ops", "in-use");
  await run("access", "grant", "ops+in-use", "**", "in-use:report");
  const { secret } = JSON.parse(await run("robot", "create-secret", "ops+in-use", "cluster", "--json")) as {
    secret: string;
  };
  const robot = { ...env, BERTH_USERNAME: "ops+in-use", BERTH_PASSWORD: secret };
  const input = `${new URL(berth.url).host}/ops/app@${manifest.digest}\n`;
  expect(await runBerth(["in-use", "report", "eu-1"], { env: robot, input })).toMatchObject({
    exitCode: 0,
    stdout: "eu-1 runs 1 image of this registry.\n",
  });
  expect(await runBerth(["in-use", "list"], { env: robot })).toMatchObject({ exitCode: 77 });
  const forget = await runBerth(["in-use", "forget", "eu-1", "--yes"], { env: robot });
  const setting = await runBerth(["namespace", "set", "/", "protected"], { env: robot });
  expect([forget.exitCode, setting.exitCode]).toEqual([77, 77]);
  expect(await run("in-use", "show", "eu-1")).toContain(manifest.digest);
});
