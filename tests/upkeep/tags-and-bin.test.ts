import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { type PushedImage, pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;
const env = { HOME: makeTemporaryFolder("home") };

/** Runs a command beside the registry; returns what it says. */
async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth([...args, "--local", berth.configFile], { env });
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

/** The same for a command that is refused. */
async function refused(...args: readonly string[]): Promise<readonly [number, string]> {
  const { exitCode, stderr } = await runBerth([...args, "--local", berth.configFile], { env });
  return [exitCode, stderr];
}

async function digestOf(reference: string): Promise<string | null> {
  const { headers, status } = await http.get(`/v2/team/app/manifests/${reference}`);
  return status === 200 ? headers.get("docker-content-digest") : null;
}

/** What clean-up takes when everything has waited long enough; bytes would go a minute after that. */
async function wouldGo(): Promise<unknown> {
  const { stdout } = await runBerth(["gc", "--dry-run", "--window", "0s", "--json", berth.configFile], { env });
  return JSON.parse(stdout) as unknown;
}

beforeAll(async () => {
  berth = await startBerth({ config: { storage: { delete: { enabled: true } } } });
  http = new HttpClient(berth.url);
});
afterAll(() => berth.stop());

describe("a tag", () => {
  test("is kept by a command from what a rule lets go, and no more by another", async () => {
    const { manifest } = await pushImage(http, "kept/app", "1.0");
    await pushImage(http, "kept/app", "2.0");
    await run("namespace", "set", "kept", "retention", "tags=none");
    expect(await run("tag", "keep", "kept/app:1.0", "--until", "90d", "--reason", "live in eu")).toContain(
      "stays until",
    );
    await run("tag", "keep", `kept/app@${manifest.digest}`);
    expect(await run("tag", "kept", "kept/app")).toContain("live in eu");
    const preview = await run("retention", "preview", "kept/app");
    expect(preview).toEndWith("\n1 of 2 tags would go.\n");
    expect(preview.split("\n").filter((line) => line.includes("goes"))).toEqual([expect.stringContaining("2.0")]);
    await run("tag", "unkeep", "kept/app:1.0");
    expect(await run("retention", "preview", "kept/app", "--going")).not.toContain("1.0");
    await run("tag", "unkeep", `kept/app@${manifest.digest}`);
    expect(await run("retention", "preview", "kept/app", "--going")).toContain("1.0");
    expect((await refused("tag", "unkeep", "kept/app:1.0"))[0]).toBe(66);
    expect((await refused("tag", "keep", "kept/app"))[0]).toBe(64);
  });

  test("is told to be what a rule would have removed, by options and from a file", async () => {
    await pushImage(http, "past/app", "1.0");
    await pushImage(http, "past/app", "2.0");
    const rules = join(makeTemporaryFolder("rules"), "rules.txt");
    writeFileSync(rules, "# the last one only\ntags=* newest=1\n");
    const simulate = (...args: string[]) => run("retention", "simulate", "past", "--since", "1d", ...args);
    const told = await simulate("--every", "1h", "--rules", rules);
    expect(told).toMatch(/^1 tag would have gone, 0 of which somebody has needed since\.\n$/m);
    expect(told).toMatch(/past\/app +1\.0 .*rule 1 of past does not keep it/);
    expect(await simulate("--rule", "newest=2")).toContain("0 tags would have gone");
    expect(JSON.parse(await simulate("--rule", "newest=1", "--json"))).toMatchObject([{ tag: "1.0" }]);
    expect(await refused("retention", "simulate", "past", "--rules", "/none")).toEqual([
      64,
      expect.stringContaining("/none"),
    ]);
  });

  test("is resolved as of a time, shown with its history, and rolled back", async () => {
    const first = await pushImage(http, "team/app", "prod");
    const between = new Date().toISOString();
    await Bun.sleep(5);
    const second = await pushImage(http, "team/app", "prod");
    expect(await run("tag", "resolve", "team/app:prod")).toBe(`team/app@${second.manifest.digest}\n`);
    expect(await run("tag", "resolve", "team/app:prod", "--at", between)).toBe(`team/app@${first.manifest.digest}\n`);
    expect(await run("tag", "list", "team/app")).toContain(second.manifest.digest);
    await run("tag", "rollback", "team/app:prod", "--yes");
    expect(await digestOf("prod")).toBe(first.manifest.digest);
    const history = await run("tag", "history", "team/app:prod");
    expect(history.split("\n").map((line) => line.split(/ +/)[1])).toEqual([
      "by",
      "rollback",
      "push",
      "push",
      undefined,
    ]);
  });

  test("that is none is told at once", async () => {
    expect(await refused("tag", "resolve", "team/app")).toMatchObject([64, expect.stringContaining("team/app:1.0")]);
    expect(await refused("tag", "resolve", "team/app:none")).toMatchObject([
      66,
      expect.stringContaining("no tag none"),
    ]);
  });
});

describe("what a client has deleted", () => {
  let image: PushedImage;

  test("is not there, and nothing of it goes", async () => {
    image = await pushImage(http, "team/app", "1.0");
    expect((await http.delete(`/v2/team/app/manifests/${image.manifest.digest}`)).status).toBe(202);
    expect(await digestOf(image.manifest.digest)).toBeNull();
    expect((await http.get("/v2/team/app/tags/list")).text).not.toContain("1.0");
    expect((await http.get(`/v2/team/app/manifests/${image.manifest.digest}`)).status).toBe(404);
    expect(await wouldGo()).toMatchObject({ manifests: 0, links: 0, blobs: 0 });
    const explained = await runBerth(["gc", "explain", image.layer.digest, berth.configFile], { env });
    const itself = await runBerth(["gc", "explain", image.manifest.digest, berth.configFile], { env });
    expect([itself.exitCode, itself.stdout]).toEqual([
      0,
      expect.stringMatching(/^in the bin until .* of team\/app\)\n$/),
    ]);
    expect(explained.stdout).toContain(`kept by the bin, as ${image.manifest.digest} names it, until `);
  });

  test("comes back from the bin", async () => {
    const [entry] = JSON.parse(await run("bin", "list", "--json")) as [{ id: number; digest: string }];
    expect(entry.digest).toBe(image.manifest.digest);
    expect(await run("bin", "show", String(entry.id))).toContain("1.0");
    const said = await run("bin", "restore", String(entry.id));
    expect(said).toBe(`team/app@${image.manifest.digest} is back with 1.0.\n`);
    expect(await digestOf("1.0")).toBe(image.manifest.digest);
    expect((await http.get(`/v2/team/app/blobs/${image.layer.digest}`)).status).toBe(200);
    expect(await refused("bin", "restore", String(entry.id))).toMatchObject([66, expect.stringContaining("no entry")]);
  });

  test("goes when the bin is emptied", async () => {
    await http.delete(`/v2/team/app/manifests/${image.manifest.digest}`);
    expect(await run("bin", "empty", "--yes", "--repository", "team/other")).toContain("0 entries");
    expect(await run("bin", "empty", "--yes", "--repository", "team/app")).toBe("Removed an entry for good.\n");
    // The config is another image's as well.
    expect(await wouldGo()).toMatchObject({ links: 1, blobs: 1 });
  });
});
