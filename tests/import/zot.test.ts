import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { linkSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expectPulled, expectServed } from "../clients/support/expect-served.ts";
import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo, type RegistryClient } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);
const skopeo = requireProgram("skopeo");

const zot = makeTemporaryFolder("zot");
const store = (repository: string, tag: string, image: Image) => {
  mkdirSync(join(zot, repository), { recursive: true });
  return mustRun(argv`${skopeo.path} copy --quiet --all ${image.source} oci:${join(zot, repository)}:${tag}`);
};

/** Every file with its size and time. */
const files = () =>
  (readdirSync(zot, { recursive: true }) as string[])
    .map((path) => ({ path, found: statSync(join(zot, path)) }))
    .map(({ path, found }) => `${path} ${found.size} ${found.mtimeMs}`)
    .sort();

/** zot keeps the same blob of several repositories once. */
function deduplicate(from: string, to: string): void {
  const folder = (repository: string) => join(zot, repository, "blobs/sha256");
  const there = new Set(readdirSync(folder(to)));
  for (const name of readdirSync(folder(from)).filter((one) => there.has(one))) {
    rmSync(join(folder(to), name));
    linkSync(join(folder(from), name), join(folder(to), name));
  }
}

skopeo.describe("a zot's directory, as it lies on the disk", () => {
  let berth: RunningRegistry;
  let client: RegistryClient;
  let index: Image;
  let plain: Image;
  let damaged: Image;

  beforeAll(async () => {
    index = await makeImage({ seed: "zot", layerBytes: [20_000, 10], platforms: ["linux/amd64", "linux/arm64"] });
    plain = await makeImage({ seed: "zot-plain", layerBytes: [3000] });
    damaged = await makeImage({ seed: "zot-damaged", layerBytes: [4000] });
    await store("team/app", "1.0", index);
    await store("team/app", "2.0", plain);
    await store("team/app/nested", "1.0", plain);
    await store("alone", "latest", index);
    await store("broken", "1.0", damaged);
    deduplicate("alone", "team/app");
    // What zot has beside repositories, and an upload that was interrupted.
    mkdirSync(join(zot, "team/app/.uploads"));
    writeFileSync(join(zot, "team/app/.uploads/id"), "partial");
    mkdirSync(join(zot, "_trivy"));
    writeFileSync(join(zot, "cache.db"), "bolt");
    const [blob] = damaged.blobs;
    truncateSync(join(zot, "broken/blobs", blob?.digest.replace(":", "/") ?? ""), 7);
    berth = await startBerth();
    client = await connectTo(berth);
  });
  afterAll(() => berth.stop());

  test("comes in with all repositories but the damaged one, and is not changed", async () => {
    const before = files();
    const { exitCode, stdout, stderr } = await runBerth(["import", "zot", zot, berth.configFile]);
    expect(exitCode).toBe(65);
    expect(stdout).toContain("Imported 4 images of 3 repositories with 8 manifests and ");
    expect(stdout).toMatch(/Left out as a whole:\n {2}broken: blob sha256:\S+ has 7 bytes, not the \d+/);
    expect(stderr).toContain("[4/4] team/app/nested: 1 image\n");
    expect(files()).toEqual(before);
    const catalog = await client.mustRequest("GET", "/v2/_catalog");
    expect(await catalog.json()).toEqual({ repositories: ["alone", "team/app", "team/app/nested"] });
    await expectServed(client, "team/app", "1.0", index);
    await expectServed(client, "team/app", "2.0", plain);
    await expectServed(client, "team/app/nested", "1.0", plain);
    await expectServed(client, "alone", "latest", index);
  });

  test("brings what came since with another run", async () => {
    rmSync(join(zot, "broken"), { recursive: true });
    await store("team/app", "3.0", plain);
    const { exitCode, stdout } = await runBerth(["import", "zot", "--json", zot, berth.configFile]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ repositories: 3, images: 4, newBlobs: 0, newBytes: 0, leftOut: [] });
    expect(await client.listTags("team/app")).toEqual(["1.0", "2.0", "3.0"]);
  });

  test("is written again, and skopeo reads it", async () => {
    const out = join(makeTemporaryFolder("zot-out"), "zot");
    const command = ["export", "zot", "team/**", "--out", out, "--config", berth.configFile];
    const { exitCode, stdout, stderr } = await runBerth(command);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining("[2/2] team/app/nested: 1 tag"),
    });
    expect(stdout).toStartWith("Wrote 2 repositories, 4 tags, 5 manifests and ");
    for (const [name, image] of [
      ["team/app:1.0", index],
      ["team/app/nested:1.0", plain],
    ] as const) {
      const folder = makeTemporaryFolder("read");
      await mustRun(argv`${skopeo.path} copy --quiet --all oci:${join(out, name)} dir:${folder}`);
      await expectPulled(folder, image);
    }
  });

  test("is refused where there is none", async () => {
    const folder = makeTemporaryFolder("empty");
    const { exitCode, stderr } = await runBerth(["import", "zot", folder, berth.configFile]);
    expect(exitCode).toBe(65);
    expect(stderr).toStartWith(`${folder}: it holds no repositories of a zot`);
  });
});
