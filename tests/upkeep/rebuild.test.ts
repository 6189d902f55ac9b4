import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { expectPull, push } from "../import/support/by-skopeo.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { startPeer } from "../support/docker-registry.ts";
import { type Answer, HttpClient } from "../support/http-client.ts";
import { makeImage } from "../support/image.ts";
import { contentOf, descriptorOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushImage, pushManifest } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const skopeo = requireProgram("skopeo");
const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.stop();
});

interface Started {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function start(
  dataDirectory = makeTemporaryFolder("data"),
  more: object = {},
  http: object = {},
): Promise<Started> {
  const maintenance = { bin: { keep: "0s" }, gc: { enabled: false, window: "0s", untagged: "keep" } };
  const storage = { delete: { enabled: true }, selfdescribing: true, maintenance, ...more };
  const berth = await startBerth({ dataDirectory, config: { storage, http } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

/** A command that succeeds. */
async function run(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, output } = await runBerth(args);
  expect({ args, exitCode, output }).toMatchObject({ args, exitCode: 0 });
  return stdout;
}

/** What runs by itself just now may have begun before what is to be described: it is waited for, and another one follows. */
async function runDescribe({ berth: { configFile } }: Started): Promise<void> {
  let ran = { exitCode: 0, output: "" };
  await until("no other describes", async () => {
    ran = await runBerth(["job", "run", "describe", "--wait", "--local", configFile]);
    return !ran.output.includes("of the kind describe runs already");
  });
  expect(ran).toMatchObject({ exitCode: 0 });
}

/** Stops it and takes its database away, with all that belongs to it. */
async function loseDatabase({ berth }: Started): Promise<void> {
  await berth.stop();
  for (const name of readdirSync(join(berth.dataDirectory, "berth")))
    if (/^berth\.db|\.lock$/.test(name)) rmSync(join(berth.dataDirectory, "berth", name), { recursive: true });
}

/** Loses the database, makes it anew, and starts again. */
async function startRebuilt(lost: Started): Promise<Started & { readonly told: string }> {
  await loseDatabase(lost);
  const config = configFor(lost);
  const told = await run("rebuild", config);
  return { ...(await start(lost.berth.dataDirectory)), told };
}

function configFor({ berth: { dataDirectory } }: Started): string {
  const file = join(makeTemporaryFolder("config"), "config.yml");
  writeFileSync(file, JSON.stringify({ version: "0.1", storage: { filesystem: { rootdirectory: dataDirectory } } }));
  return file;
}

const ACCEPT = { accept: `${OCI_IMAGE_MANIFEST}, ${OCI_IMAGE_INDEX}` };

/** What clients get, with what they are told of it. */
const pull = async (http: HttpClient, path: string) => shown(await http.get(path, ACCEPT));
const shown = ({ status, headers, text }: Answer) => ({
  status,
  type: headers.get("content-type"),
  digest: headers.get("docker-content-digest"),
  text,
});

/** All files below the data directory, but for the database's and those of locks. */
function filesOf({ berth: { dataDirectory } }: Started): readonly string[] {
  const files = readdirSync(dataDirectory, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dataDirectory.length + 1))
    .filter((path) => !/^berth\/(?:berth\.db|.*lock)/.test(path))
    .toSorted();
}

const links = (started: Started) => filesOf(started).filter((path) => path.endsWith("/link"));
const blobFile = (digest: string) => `docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`;

describe("a registry whose database is lost", () => {
  skopeo.describe("", () => {
    test("is rebuilt from its storage: real images, byte for byte", async () => {
      const before = await start();
      const images = await Promise.all([
        makeImage({ layerBytes: [30_000, 500], platforms: ["linux/amd64", "linux/arm64"], seed: "rebuild" }),
        makeImage({ layerBytes: [20_000], format: "docker", seed: "rebuild-docker" }),
      ]);
      const pushed = images.map((image, i) => ({ repository: `team/app${i}`, tag: "1.0", image }));
      for (const one of pushed) await push(before.berth, one);
      await runDescribe(before);
      const after = await startRebuilt(before);
      expect(after.told).toMatch(/^Rebuilt 2 repositories, 4 manifests, 2 tags and \d+ blobs .*; 0 damaged\.$/m);
      for (const one of pushed) await expectPull(after.berth, one);
    });
  });

  test("has its tags as they were, indexes, referrers and manifests without a tag", async () => {
    const before = await start();
    const { http } = before;
    const { manifest: one } = await pushImage(http, "team/app", "moved");
    const { manifest: two } = await pushImage(http, "team/app", "deleted");
    const { manifest: three } = await pushImage(http, "team/app");
    const index = imageIndex([one, two]);
    await pushManifest(http, { repository: "team/app", reference: "all", content: index, mediaType: OCI_IMAGE_INDEX });
    const config = await pushBlob(http, "team/app", contentOf("{}"));
    const subject = descriptorOf(index, OCI_IMAGE_INDEX);
    const more = { subject, artifactType: "application/vnd.example", annotations: { a: "b" } };
    const signature = imageManifest({ config, layers: [], more });
    await pushManifest(http, { repository: "team/app", reference: signature.digest, content: signature });
    await runDescribe(before);
    // What changes afterwards is described by the next run.
    const { manifest: four } = await pushImage(http, "team/app", "moved");
    expect((await http.delete("/v2/team/app/manifests/deleted")).status).toBe(202);
    const { manifest: gone } = await pushImage(http, "team/app", "gone");
    await pushImage(http, "other", "1");
    await runDescribe(before);
    expect((await http.delete(`/v2/team/app/manifests/${gone.digest}`)).status).toBe(202);
    await runDescribe(before);

    const digests = [one, two, three, four, index, signature, gone].map(({ digest }) => digest);
    const asked = [
      ...["moved", "deleted", "gone", "all", ...digests].map((reference) => `/v2/team/app/manifests/${reference}`),
      "/v2/team/app/tags/list",
      "/v2/_catalog",
      `/v2/team/app/referrers/${index.digest}`,
      `/v2/team/app/blobs/${config.digest}`,
    ];
    const all = (from: HttpClient) => Promise.all(asked.map((path) => pull(from, path)));
    const were = await all(http);
    expect(were.map(({ status }) => status)).toEqual([
      200, 404, 404, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200, 200,
    ]);
    const after = await startRebuilt(before);
    expect(await all(after.http)).toEqual(were);
    // And it describes itself again.
    await runDescribe(after);
    const { manifest: five } = await pushImage(after.http, "team/app", "moved");
    await runDescribe(after);
    const again = await startRebuilt(after);
    expect((await pull(again.http, "/v2/team/app/manifests/moved")).digest).toBe(five.digest);
  });

  test.each([1, 2])("says all that there was when it is stopped, served by %d", async (processes) => {
    const before = await start(undefined, {}, { processes });
    await pushImage(before.http, "app", "1");
    await runDescribe(before);
    const { manifest } = await pushImage(before.http, "app", "late");
    const after = await startRebuilt(before);
    expect((await pull(after.http, "/v2/app/manifests/late")).digest).toBe(manifest.digest);
  });

  test("is not served from nothing, and not rebuilt over what is there", async () => {
    const before = await start();
    const { manifest } = await pushImage(before.http, "app", "1");
    await runDescribe(before);
    const config = configFor(before);
    expect(await runBerth(["rebuild", config])).toMatchObject({
      exitCode: 74,
      stderr: expect.stringContaining("berth.db already. Move it away"),
    });
    await loseDatabase(before);
    expect(await runBerth(["serve", config])).toMatchObject({
      exitCode: 78,
      stderr: expect.stringMatching(/there is no database .*berth\.db.*rebuild <config\.yml> makes one/s),
    });
    const dryRun = await run("rebuild", "--dry-run", config);
    expect(dryRun).toContain("Would rebuild 1 repository, 1 manifest, 1 tag and 2 blobs");
    expect(
      readdirSync(join(before.berth.dataDirectory, "berth")).filter((name) => name.startsWith("berth.db")),
    ).toEqual([]);

    // What is damaged is told, and the rest is there.
    rmSync(join(before.berth.dataDirectory, blobFile(manifest.digest)));
    const damaged = await runBerth(["rebuild", config]);
    expect(damaged).toMatchObject({ exitCode: 65, stdout: expect.stringContaining("its bytes are gone") });
  });

  test("that never described itself is not rebuilt", async () => {
    const before = await start(undefined, { selfdescribing: false });
    await pushImage(before.http, "app", "1");
    expect((await runBerth(["job", "run", "describe", "--local", before.berth.configFile])).stderr).toContain(
      "storage.selfdescribing is off",
    );
    expect(filesOf(before).filter((path) => !path.includes("/blobs/"))).toEqual([]);
    await loseDatabase(before);
    expect(await runBerth(["rebuild", configFor(before)])).toMatchObject({
      exitCode: 66,
      stderr: expect.stringContaining("does not describe itself"),
    });
  });

  test("that has stopped to describe itself is not rebuilt from what it said once", async () => {
    const before = await start();
    await pushImage(before.http, "app", "1");
    await runDescribe(before);
    expect(existsSync(join(before.berth.dataDirectory, "berth/described.json"))).toBe(true);
    await before.berth.stop();
    const off = await start(before.berth.dataDirectory, { selfdescribing: false });
    expect(existsSync(join(before.berth.dataDirectory, "berth/described.json"))).toBe(false);
    await pushImage(off.http, "app", "2");
    await off.berth.stop();
    const on = await start(before.berth.dataDirectory);
    await runDescribe(on);
    const after = await startRebuilt(on);
    expect((await after.http.get("/v2/app/tags/list")).json()).toEqual({ name: "app", tags: ["1", "2"] });
  });
});

const peer = requireProgram("docker-registry");
const served = skopeo.isInstalled ? peer.describe : skopeo.describe;

served("a data directory that describes itself", () => {
  test("is served by the real registry:2 as it is", async () => {
    const started = await start();
    const layerBytes = [30_000, 500];
    const image = await makeImage({ layerBytes, platforms: ["linux/amd64", "linux/arm64"], seed: "served" });
    await push(started.berth, { repository: "team/app", tag: "1.0", image });
    for (const name of ["team/app", "team/other"]) await pushImage(started.http, name, "gone");
    await runDescribe(started);
    expect((await started.http.delete("/v2/team/app/manifests/gone")).status).toBe(202);
    await run("repository", "rename", "team/other", "team/renamed", "--yes", "--local", started.berth.configFile);
    await runDescribe(started);
    await started.berth.stop();
    const registry = await startPeer({ dataDirectory: started.berth.dataDirectory });
    running.push(registry);
    await expectPull(registry, { repository: "team/app", tag: "1.0", image });
    const peerHttp = new HttpClient(registry.url);
    // An empty folder would be a tag to it, or a repository.
    expect((await peerHttp.get("/v2/team/app/tags/list")).json()).toEqual({ name: "team/app", tags: ["1.0"] });
    expect((await peerHttp.get("/v2/_catalog")).json()).toEqual({ repositories: ["team/app", "team/renamed"] });
  });
});

describe("a registry that was restored in its place", () => {
  test("is described anew: what went since the backup is there again after a rebuild", async () => {
    const first = await start();
    const image = await pushImage(first.http, "app", "1.0");
    await runDescribe(first);
    const backups = makeTemporaryFolder("backups");
    await run("backup", backups, first.berth.configFile);
    expect((await first.http.delete(`/v2/app/manifests/${image.manifest.digest}`)).status).toBe(202);
    await runDescribe(first);
    await loseDatabase(first);
    await run("restore", backups, configFor(first));
    const second = await start(first.berth.dataDirectory);
    const before = await pull(second.http, "/v2/app/manifests/1.0");
    expect(before.status).toBe(200);
    await runDescribe(second);
    const third = await startRebuilt(second);
    expect(await pull(third.http, "/v2/app/manifests/1.0")).toEqual(before);
  });
});

describe("what describes a manifest", () => {
  test("stays for as long as the manifest, and goes with it", async () => {
    const started = await start();
    const { http } = started;
    const { manifest, layer, config } = await pushImage(http, "team/app", "1");
    const content = { content: manifest, reference: "1" };
    for (const blob of [layer, config]) await pushBlob(http, "other", blob);
    await pushManifest(http, { repository: "other", ...content });
    // Somebody has its bytes as a blob as well, for a while.
    await pushBlob(http, "other", manifest);
    await runDescribe(started);
    expect((await http.delete(`/v2/other/blobs/${manifest.digest}`)).status).toBe(202);
    await run("gc", "--window", "0s", started.berth.configFile);
    expect(filesOf(started)).toContain(blobFile(manifest.digest));

    expect((await http.delete(`/v2/team/app/manifests/${manifest.digest}`)).status).toBe(202);
    await runDescribe(started);
    expect(links(started).filter((path) => path.includes("/team/app/_manifests/"))).toEqual([]);
    expect(filesOf(started)).toContain(blobFile(manifest.digest));
    expect((await http.delete(`/v2/other/manifests/${manifest.digest}`)).status).toBe(202);
    await runDescribe(started);
    // The bytes are left to clean-up, which takes blobs and links with them.
    await run("gc", "--window", "0s", started.berth.configFile);
    await runDescribe(started);
    expect(links(started)).toEqual([]);
    expect(filesOf(started).filter((path) => path.includes("/blobs/"))).toEqual([]);
  });

  test("comes back with a manifest that is pushed again", async () => {
    const started = await start();
    const { http } = started;
    const image = await pushImage(http, "app", "1");
    await runDescribe(started);
    expect((await http.delete(`/v2/app/manifests/${image.manifest.digest}`)).status).toBe(202);
    await runDescribe(started);
    await pushManifest(http, { repository: "app", reference: "2", content: image.manifest });
    await runDescribe(started);
    await run("gc", "--window", "0s", started.berth.configFile);
    const after = await startRebuilt(started);
    expect((await pull(after.http, "/v2/app/manifests/2")).text).toBe(new TextDecoder().decode(image.manifest.bytes));
  });

  test("is not there where it is switched off, and is written again where somebody has touched it", async () => {
    const started = await start();
    const { manifest } = await pushImage(started.http, "app", "1");
    await runDescribe(started);
    const { dataDirectory } = started.berth;
    const link = links(started).find((path) => path.includes("/current/")) ?? "";
    writeFileSync(join(dataDirectory, blobFile(manifest.digest)), "damaged");
    rmSync(join(dataDirectory, link));
    // As after a restore: another storage is looked at whole.
    renameSync(join(dataDirectory, "berth/described.json"), join(dataDirectory, "berth/described.old"));
    await runDescribe(started);
    expect(readFileSync(join(dataDirectory, blobFile(manifest.digest)), "utf8")).toBe(
      new TextDecoder().decode(manifest.bytes),
    );
    expect(readFileSync(join(dataDirectory, link), "utf8")).toBe(manifest.digest);
  });
});
