import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

const skopeo = requireProgram("skopeo");
let berth: RunningRegistry;
let http: HttpClient;
const folder = makeTemporaryFolder("renames");
const env = { HOME: folder };

async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth([...args, "--local", berth.configFile], { env });
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

async function digestOf(repository: string, reference: string): Promise<string | null> {
  return (await http.get(`/v2/${repository}/manifests/${reference}`)).headers.get("docker-content-digest");
}

const catalog = async () => ((await http.get("/v2/_catalog")).json() as { repositories: string[] }).repositories;

beforeAll(async () => {
  berth = await startBerth({ config: { storage: { delete: { enabled: true } } } });
  http = new HttpClient(berth.url);
});
afterAll(() => berth.stop());

describe("a repository with another name", () => {
  test("is there by both names, with its tags, its history and its bin", async () => {
    const { manifest, layer } = await pushImage(http, "team/app", "v1");
    await pushImage(http, "team/app", "gone");
    await http.delete("/v2/team/app/manifests/gone");
    expect(await run("repository", "rename", "team/app", "team/api", "--dry-run")).toMatch(/team\/app +team\/api/);
    expect(await run("repository", "rename", "team/app", "team/api", "--yes")).toContain("team/app is team/api now.");
    expect(await catalog()).toEqual(["team/api"]);
    for (const name of ["team/app", "team/api"]) {
      expect(await digestOf(name, "v1")).toBe(manifest.digest);
      expect(await digestOf(name, manifest.digest)).toBe(manifest.digest);
      expect((await http.head(`/v2/${name}/blobs/${layer.digest}`)).status).toBe(200);
      expect((await http.get(`/v2/${name}/tags/list`)).json()).toMatchObject({ tags: ["v1"] });
      expect((await http.get(`/v2/${name}/referrers/${manifest.digest}`)).status).toBe(200);
    }
    expect(await run("bin", "list", "--repository", "team/api")).toContain("gone");
    expect(await run("tag", "history", "team/api:gone")).toContain("delete");
    expect(await run("repository", "redirects")).toMatch(/team\/app +team\/api/);
  });

  test("takes pushes by the old one, in one request and in several", async () => {
    await pushImage(http, "team/app", "v2");
    expect(await digestOf("team/api", "v2")).toBe(await digestOf("team/app", "v2"));
    expect(await catalog()).toEqual(["team/api"]);
  });

  test("is no more there by the old one when that is ended, which is free then", async () => {
    await run("repository", "end-redirect", "team/app");
    expect((await http.get("/v2/team/app/manifests/v1")).status).toBe(404);
    const { manifest } = await pushImage(http, "team/app", "new");
    expect(await digestOf("team/app", "new")).toBe(manifest.digest);
    expect(await digestOf("team/api", "new")).toBeNull();
  });

  test("cannot have one that another has", async () => {
    const refused = await runBerth(
      ["repository", "rename", "team/app", "team/api", "--yes", "--local", berth.configFile],
      { env },
    );
    expect([refused.exitCode, refused.stderr]).toEqual([1, "there is a repository team/api already\n"]);
  });
});

test("what would hold no more is said as it is typed, and has to be accepted", async () => {
  await pushImage(http, "team-strict/app", "v1");
  await run("namespace", "set", "team-strict", "immutable-tags", "v*", "r*");
  const change = "immutable-tags: v* r* before, nothing then";
  const rename = ["repository", "rename", "team-strict/app", "team-loose/app"] as const;
  expect(await run(...rename, "--dry-run")).toContain(`${change}  wants --accept-changes`);
  const refused = await runBerth([...rename, "--yes", "--local", berth.configFile], { env });
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    `team-strict/app stays: other rules would hold (${change}): say --accept-changes if that is meant\n`,
  ]);
  expect(await run(...rename, "--accept-changes", "--yes")).toContain(`${change}.`);
});

test("a prefix is renamed with all below it", async () => {
  for (const name of ["a/x", "a/deep/y", "ab/x"]) await pushImage(http, name, "v1");
  expect(await run("repository", "rename", "a", "b", "--below", "--redirect-days", "0", "--yes")).toBe(
    "Job 1 (rename) is done: moved 2.\n",
  );
  expect((await catalog()).filter((name) => !name.startsWith("team"))).toEqual(["ab/x", "b/deep/y", "b/x"]);
  expect((await http.get("/v2/a/x/manifests/v1")).status).toBe(404);
});

test("of a prefix that is renamed what cannot be stays, and is named", async () => {
  for (const name of ["p/x", "p/y", "q/x"]) await pushImage(http, name, "v1");
  const args = ["repository", "rename", "p", "q", "--below", "--yes", "--local", berth.configFile];
  const { exitCode, stdout, stderr } = await runBerth(args, { env });
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining("is done: moved 1, refused 1.")]);
  expect(stderr).toBe("p/x stays: there is a repository q/x already\n1 repository stayed.\n");
  expect(await run(...args.slice(0, -2), "--no-wait")).toMatch(/Renaming \d+ begins soon/);
});

test("what a cluster runs by the old name is held under the new one", async () => {
  const { manifest } = await pushImage(http, "runs/old", "v1");
  await pushImage(http, "runs/old", "v2");
  const report = () =>
    runBerth(["in-use", "report", "eu-1", "--registry", "reg.example", "--local", berth.configFile], {
      env,
      input: `reg.example/runs/old@${manifest.digest}\n`,
    });
  await report();
  await run("repository", "rename", "runs/old", "runs/new", "--redirect-days", "0", "--yes");
  expect((await http.delete(`/v2/runs/new/manifests/${manifest.digest}`)).status).toBe(403);
  await report();
  expect((await http.delete(`/v2/runs/new/manifests/${manifest.digest}`)).status).toBe(403);
});

test("tags that match are moved into another repository, and one gets another name", async () => {
  const { manifest, layer } = await pushImage(http, "tags/app", "pr-1");
  for (const tag of ["pr-2", "1.0"]) await pushImage(http, "tags/app", tag);
  await pushImage(http, "tags/app-pr", "pr-2");
  expect(await run("tag", "move", "tags/app", "pr-*", "tags/app-pr", "--dry-run")).toMatch(
    /tags\/app:pr-2 .*has a tag pr-2 already/,
  );
  const args = ["tag", "move", "tags/app", "pr-*", "tags/app-pr", "--yes", "--local", berth.configFile];
  const { exitCode, stdout, stderr } = await runBerth(args, { env });
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining("is done: moved 1, refused 1.")]);
  expect(stderr).toMatch(/^tags\/app:pr-2 stays: tags\/app-pr has a tag pr-2 already, .*\n1 tag stayed\.\n$/);
  expect(await digestOf("tags/app-pr", "pr-1")).toBe(manifest.digest);
  expect((await http.head(`/v2/tags/app-pr/blobs/${layer.digest}`)).status).toBe(200);
  expect(await digestOf("tags/app", "pr-1")).toBeNull();
  await run("tag", "move", "tags/app:1.0", "tags/app:1.0-old", "--yes");
  expect(await run("tag", "history", "tags/app:1.0")).toContain("move to tags/app:1.0-old");
  expect(await digestOf("tags/app", "1.0-old")).not.toBeNull();
  expect(await digestOf("tags/app", "1.0")).toBeNull();
});

skopeo.describe("skopeo", () => {
  test("pulls and pushes by the old name", async () => {
    const from = join(folder, "pulled");
    const host = new URL(berth.url).host;
    await pushImage(http, "move/old", "v1");
    await run("repository", "rename", "move/old", "move/new", "--yes");
    const path = skopeo.path;
    await mustRun(argv`${path} copy --src-tls-verify=false docker://${host}/move/old:v1 dir:${from}`, { env });
    await mustRun(argv`${path} copy --dest-tls-verify=false dir:${from} docker://${host}/move/old:v2`, { env });
    expect(await digestOf("move/new", "v2")).toBe(await digestOf("move/new", "v1"));
    const { stdout } = await mustRun(argv`${path} list-tags --tls-verify=false docker://${host}/move/old`, { env });
    expect(JSON.parse(stdout)).toMatchObject({ Tags: ["v1", "v2"] });
  });
});
