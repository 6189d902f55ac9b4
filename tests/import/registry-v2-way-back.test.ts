import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { expectServed } from "../clients/support/expect-served.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { startPeer } from "../support/docker-registry.ts";
import { makeImage } from "../support/image.ts";
import { connectTo } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectPull, push, type Tagged } from "./support/by-skopeo.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");
const peer = requireProgram("docker-registry");
const giveBack = skopeo.isInstalled ? peer.describe : skopeo.describe;

const odd = "pushed under sha512";
const sha512 = (text: string) => `sha512:${new Bun.CryptoHasher("sha512").update(text).digest("hex")}`;

giveBack("a data directory that Berth filled", () => {
  const dataDirectory = makeTemporaryFolder("given-back");
  const running: RunningRegistry[] = [];
  let tagged: Tagged[];
  let doomed: Tagged;

  async function started(start: typeof startBerth): Promise<RunningRegistry> {
    const registry = await start({ dataDirectory });
    running.push(registry);
    return registry;
  }

  async function stopAll(): Promise<void> {
    for (const registry of running.splice(0)) await registry.stop();
  }
  afterAll(stopAll);

  beforeAll(async () => {
    const platforms = ["linux/amd64", "linux/arm64"];
    const index = await makeImage({ seed: "index", layerBytes: [50_000, 1000], platforms });
    const list = await makeImage({ seed: "list", layerBytes: [2000], platforms, format: "docker" });
    const docker = await makeImage({ seed: "docker", layerBytes: [4000, 100], format: "docker" });
    tagged = [
      { repository: "team/app", tag: "1.0", image: index },
      { repository: "team/app", tag: "latest", image: docker },
      { repository: "team/app/nested", tag: "1.0", image: list },
    ];
    const image = await makeImage({ seed: "doomed", layerBytes: [3000] });
    doomed = { repository: "team/app", tag: "doomed", image };
  });

  test("is given back while Berth serves, and registry:2 serves every image byte for byte", async () => {
    const berth = await started(startBerth);
    for (const each of [...tagged, doomed]) await push(berth, each);
    await (await connectTo(berth)).pushBlob("team/app", new Blob([odd]), sha512(odd));
    const { exitCode, stdout, stderr } = await runBerth(["export", "registry-v2", "--in-place", berth.configFile]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining("team/app: 3 tags, 5 manifests, "),
    });
    expect(stdout).toContain("registry:2 now has 2 repositories, 8 manifests, 4 tags and ");
    await stopAll();

    const registry = await started(startPeer);
    const client = await connectTo(registry);
    for (const each of [...tagged, doomed]) {
      await expectPull(registry, each);
      await expectServed(client, each.repository, each.tag, each.image);
    }
    expect([...(await client.listTags("team/app"))].sort()).toEqual(["1.0", "doomed", "latest"]);
    const answer = await client.mustRequest("GET", `/v2/team/app/blobs/${sha512(odd)}`);
    expect(await answer.text()).toBe(odd);
    await stopAll();
  });

  test("is brought up to date by another run: moved, new and deleted tags", async () => {
    const berth = await started(startBerth);
    const image = await makeImage({ seed: "later", layerBytes: [1000] });
    const moved = { repository: "team/app", tag: "latest", image };
    await push(berth, moved);
    const client = await connectTo(berth);
    await client.mustRequest("DELETE", `/v2/team/app/manifests/${doomed.image.top.digest}`);
    const told = await runBerth(["export", "registry-v2", "--in-place", berth.configFile]);
    expect(told.stdout).toContain("  team/app:doomed: not here\n");
    const pruned = await runBerth(["export", "registry-v2", "--in-place", "--prune", "--json", berth.configFile]);
    // The tag twice, and the manifest; its blobs stay for clean-up.
    expect(JSON.parse(pruned.stdout)).toMatchObject({ written: 0, removed: 3, keptCount: 0, damaged: [] });
    await stopAll();

    const registry = await started(startPeer);
    await expectPull(registry, moved);
    await expectPull(registry, tagged[0] ?? moved);
    const again = await connectTo(registry);
    expect([...(await again.listTags("team/app"))].sort()).toEqual(["1.0", "latest"]);
    expect((await again.request("GET", "/v2/team/app/manifests/doomed")).status).toBe(404);
    await stopAll();
  });

  test("takes pushes of registry:2 again, which Berth imports again", async () => {
    const registry = await started(startPeer);
    const image = await makeImage({ seed: "back", layerBytes: [500] });
    const late = { repository: "team/app", tag: "back", image };
    await push(registry, late);
    await stopAll();
    const { stdout } = await runBerth(["import", "registry-v2", dataDirectory]);
    expect(stdout).toContain("Imported 0 repositories, 1 manifest, 1 tag and 2 blobs");
    const berth = await started(startBerth);
    await expectPull(berth, late);
  });
});

giveBack("a folder to which Berth exported", () => {
  test("is served by registry:2, with the blobs, and goes on from where it is", async () => {
    const berth = await startBerth();
    const out = join(makeTemporaryFolder("exported"), "registry");
    try {
      const platforms = ["linux/amd64", "linux/arm64"];
      const image = await makeImage({ seed: "elsewhere", layerBytes: [50_000, 1000], platforms });
      const pushed = { repository: "team/app", tag: "1.0", image };
      await push(berth, pushed);
      const command = ["export", "registry-v2", berth.configFile, "team/**", "--out", out];
      const { exitCode, stdout } = await runBerth(command);
      expect(exitCode).toBe(0);
      expect(stdout).toEndWith(`rootdirectory: ${out}. What is pushed here meanwhile comes with another run.\n`);
      const registry = await startPeer({ dataDirectory: out });
      try {
        await expectPull(registry, pushed);
      } finally {
        await registry.stop();
      }
      const again = await runBerth([...command, "--json"]);
      expect(JSON.parse(again.stdout)).toMatchObject({ written: 0, keptCount: 0, isFinished: true });
      const refused = await runBerth([...command.slice(0, -1), berth.dataDirectory]);
      expect(refused).toMatchObject({ exitCode: 74, stderr: expect.stringContaining("use --in-place") });
    } finally {
      await berth.stop();
    }
  });
});

test.each([
  [[], "error: say where to: --in-place, or --out <folder>\n"],
  [["--in-place", "--out", "registry"], "cannot be used with option '--in-place'\n"],
])("with %p nothing is written", async (words, told) => {
  const { exitCode, stderr } = await runBerth(["export", "registry-v2", ...words]);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(told);
});
