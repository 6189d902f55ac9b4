import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { OCI_IMAGE_INDEX } from "../../src/oci/index.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { imageIndex } from "../support/oci-content.ts";
import { pushImage, pushManifest } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;
const env = { HOME: makeTemporaryFolder("home") };

async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth([...args, "--local", berth.configFile], { env });
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  return ((await http.get(`/v2/${repository}/tags/list`)).json() as { tags: readonly string[] }).tags;
}

beforeAll(async () => {
  berth = await startBerth({ config: { storage: { delete: { enabled: true } } } });
  http = new HttpClient(berth.url);
});
afterAll(() => berth.stop());

describe("tags that match", () => {
  test("are shown, deleted, and brought back from the bin", async () => {
    for (const tag of ["pr-1", "pr-2", "v1"]) await pushImage(http, "team/app", tag);
    expect(await run("tag", "delete", "team/app", "pr-*", "--dry-run")).toMatch(/pr-1 +goes[^]*pr-2 +goes/);
    expect(await tagsOf("team/app")).toHaveLength(3);
    expect(await run("tag", "delete", "team/app", "pr-*", "--yes")).toContain("deleted 2");
    expect(await tagsOf("team/app")).toEqual(["v1"]);
    expect(await run("bin", "restore", "--repository", "team/app", "--yes")).toContain("Restored 2 entries");
    expect(await tagsOf("team/app")).toEqual(["pr-1", "pr-2", "v1"]);
  });

  test("stay where they are immutable, and it is said which", async () => {
    await run("namespace", "set", "team/app", "immutable-tags", "v*");
    const { exitCode, stdout, stderr } = await runBerth(
      ["tag", "delete", "team/app", "*", "--yes", "--local", berth.configFile],
      { env },
    );
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('team/app:v1 stays: the tag v1 is immutable by "v*" of team/app'),
    ]);
    expect(stdout).toContain("deleted 2, refused 1");
    expect(await tagsOf("team/app")).toEqual(["v1"]);
  });
});

describe("one tag", () => {
  test("is named as elsewhere, or after its repository", async () => {
    for (const tag of ["1", "2"]) await pushImage(http, "team/one", tag);
    expect(await run("tag", "delete", "team/one:1", "--yes")).toContain("deleted 1");
    expect(await run("tag", "delete", "team/one", "2", "--yes")).toContain("deleted 1");
    expect(await tagsOf("team/one")).toEqual([]);
  });

  test.each([
    [["team/one:3"], 66, "team/one has no tag 3"],
    [["team/one"], 64, "Say which tags: team/app:1.0"],
  ] as const)("%j ends with %d", async (named, code, message) => {
    const { exitCode, stderr } = await runBerth(["tag", "delete", ...named, "--yes", "--local", berth.configFile], {
      env,
    });
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe("a prefix", () => {
  test("is deleted with all its images, and comes back whole", async () => {
    const { manifest } = await pushImage(http, "old/app", "child");
    const index = imageIndex([manifest]);
    await pushManifest(http, {
      repository: "old/app",
      reference: "latest",
      content: index,
      mediaType: OCI_IMAGE_INDEX,
    });
    await pushImage(http, "old/deep/app", "v1");
    await pushImage(http, "older/app", "v1");
    const deletion = await run("repository", "delete", "old/**", "--yes");
    expect(deletion).toContain("repositories 2, deleted 3");
    const [id = ""] = /\d+/.exec(deletion) ?? [];
    expect(await run("repository", "deletion", id)).toMatch(/^delete +old\/\*\*$/m);
    expect([await tagsOf("old/app"), await tagsOf("old/deep/app"), await tagsOf("older/app")]).toEqual([
      [],
      [],
      ["v1"],
    ]);
    expect(await run("bin", "restore", "--repository", "old/app", "--since", "1h", "--yes")).toContain("Restored 2");
    expect(await tagsOf("old/app")).toEqual(["child", "latest"]);
    expect((await http.get("/v2/old/app/manifests/latest")).headers.get("docker-content-digest")).toBe(index.digest);
  });
});
