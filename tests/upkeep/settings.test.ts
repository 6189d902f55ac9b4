import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage, putManifest } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;

/** Runs a command that must succeed, beside the registry; returns what it says. */
async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth([...args, "--local", berth.configFile]);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}
const tagsOf = async (repository: string) =>
  ((await http.get(`/v2/${repository}/tags/list`)).json() as { tags: readonly string[] }).tags;

beforeAll(async () => {
  berth = await startBerth({ config: { storage: { delete: { enabled: true } } } });
  http = new HttpClient(berth.url);
});

afterAll(() => berth.stop());

describe("what is said of a namespace", () => {
  test("is shown with who says it, and taken back", async () => {
    await pushImage(http, "team/app", "latest");
    expect(await run("namespace", "set", "team", "immutable-tags", "v*", "release-*")).toBe(
      "immutable-tags of team: v* release-*\n",
    );
    await run("namespace", "set", "/", "untagged", "remove", "7d");
    const shown = await run("namespace", "settings", "team/app");
    expect(shown).toMatch(/^immutable-tags +v\* release-\* +team$/m);
    expect(shown).toMatch(/^untagged +remove 7d +\/$/m);
    expect(await run("namespace", "unset", "/", "untagged")).toBe("/ says nothing of untagged itself any more.\n");
    expect(await run("namespace", "settings", "team/app")).not.toContain("untagged");
    const wrong = await runBerth(["namespace", "set", "team", "untagged", "away", "--local", berth.configFile]);
    expect(wrong).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("untagged is keep, or remove") });
  });

  test("holds from the next push on: immutable tags", async () => {
    const { manifest } = await pushImage(http, "team/app", "v1");
    const { manifest: second } = await pushImage(http, "team/app", "latest");
    const push = (content: typeof manifest) => putManifest(http, { repository: "team/app", reference: "v1", content });
    expect((await push(manifest)).status).toBe(201);
    const moved = await push(second);
    expect([moved.status, moved.json()]).toEqual([
      403,
      {
        errors: [
          {
            code: "DENIED",
            message: 'the tag v1 is immutable by "v*" of team: push under another tag',
            detail: { tag: "v1" },
          },
        ],
      },
    ]);
    expect((await http.delete("/v2/team/app/manifests/v1")).status).toBe(403);
    expect((await http.delete(`/v2/team/app/manifests/${manifest.digest}`)).status).toBe(403);
    expect((await http.delete("/v2/team/app/manifests/latest")).status).toBe(202);
  });

  test("protects a repository until it is taken back", async () => {
    await pushImage(http, "other/app", "latest");
    await run("namespace", "set", "other/app", "protected");
    expect((await http.delete("/v2/other/app/manifests/latest")).status).toBe(403);
    await run("namespace", "set", "other/app", "protected", "no");
    expect((await http.delete("/v2/other/app/manifests/latest")).status).toBe(202);
  });
});

describe("retention", () => {
  test("is tried, said, seen and carried out, with each tag on record", async () => {
    for (const tag of ["ci-1", "ci-2", "ci-3", "v1"]) await pushImage(http, "kept/app", tag);
    const preview = (...args: readonly string[]) => run("retention", "preview", "kept", ...args);
    expect(await preview("--going")).toBe("There are none.\n");
    expect(await preview("--going", "--rule", "tags=ci-* newest=2", "--rule", "tags=v*")).toMatch(/ci-1 .* goes /);
    await run("namespace", "set", "kept", "retention", "tags=ci-* newest=2", "tags=v*");
    const shown = await preview();
    expect(shown).toMatch(/ci-1 .* goes +rule 1 of kept does not keep it$/m);
    expect(shown).toMatch(/ci-3 .* kept +rule 1 of kept: among the newest 2$/m);
    const command = async (...args: readonly string[]) => {
      const { exitCode, stdout, stderr } = await runBerth(["retention", "run", berth.configFile, ...args]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      return stdout;
    };
    expect(await command("--dry-run")).toBe(
      "would remove kept/app:ci-1: rule 1 of kept does not keep it\n" +
        "Judged 4 tags of 1 repository. Would remove 1 tag.\n",
    );
    expect(await tagsOf("kept/app")).toHaveLength(4);
    expect(JSON.parse(await command("--json"))).toEqual({
      repositories: 1,
      judged: 4,
      expired: 1,
      postponed: 0,
      dryRun: false,
    });
    expect(await tagsOf("kept/app")).toEqual(["ci-2", "ci-3", "v1"]);
  });
});

test("gc explain names the node that keeps a manifest without a tag", async () => {
  const { manifest } = await pushImage(http, "explained/app");
  const explain = () => runBerth(["gc", "explain", manifest.digest, berth.configFile]);
  expect((await explain()).stdout).toContain("manifests without a tag are kept here (");
  await run("namespace", "set", "explained", "untagged", "keep");
  expect((await explain()).stdout).toContain("manifests without a tag are kept here (untagged of explained) (");
  await run("namespace", "set", "explained", "untagged", "remove", "7d");
  expect((await explain()).stdout).toMatch(/it is kept until \d{4}-.* \(untagged of explained\)/);
});

test("a registry that serves removes by itself what expires", async () => {
  const maintenance = { retention: { interval: "1s" } };
  const serving = await startBerth({ config: { storage: { maintenance } } });
  try {
    const client = new HttpClient(serving.url);
    const more = { annotations: { "dev.berth.expires-after": "1s" } };
    await pushImage(client, "team/app", "pr-1", more);
    await pushImage(client, "team/app", "stays");
    const tags = async () => ((await client.get("/v2/team/app/tags/list")).json() as { tags: string[] }).tags;
    await until("the tag has expired", async () => (await tags()).length === 1);
    expect(await tags()).toEqual(["stays"]);
  } finally {
    await serving.stop();
  }
});
