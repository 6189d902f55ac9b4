import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";

import { expectServed } from "../clients/support/expect-served.ts";
import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { startPeer } from "../support/docker-registry.ts";
import { type Image, makeImage, type StoredManifest } from "../support/image.ts";
import { takeFreePort } from "../support/free-port.ts";
import { connectTo, type RegistryClient, sha256 } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectPull, push, type Tagged } from "./support/by-skopeo.ts";

setDefaultTimeout(120_000);
const berth = join(import.meta.dir, "../../bin/berth");
const skopeo = requireProgram("skopeo");
const peer = requireProgram("docker-registry");
const takeOver = skopeo.isInstalled ? peer.describe : skopeo.describe;

const ociType = "application/vnd.oci.image.manifest.v1+json";

/** Every file of registry:2's with its size and time. */
function filesOf(directory: string): readonly string[] {
  const root = join(directory, "docker");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => [path, statSync(join(root, path))] as const)
    .filter(([, found]) => found.isFile())
    .map(([path, { size, mtimeMs }]) => `${path} ${size} ${mtimeMs}`)
    .sort();
}

/** Every image that must pull after the import; repositories lie inside one another, tags and layers are shared. */
async function makeImages(): Promise<readonly Tagged[]> {
  const platforms = ["linux/amd64", "linux/arm64"];
  const index = await makeImage({ seed: "index", layerBytes: [50_000, 1000], platforms });
  const list = await makeImage({ seed: "list", layerBytes: [2000], platforms, format: "docker" });
  const base = await makeImage({ seed: "shared", layerBytes: [1000, 300_000] });
  const grown = await makeImage({ seed: "shared", layerBytes: [1000, 300_000, 2000] });
  const docker = await makeImage({ seed: "docker", layerBytes: [4000, 100], format: "docker" });
  return [
    { repository: "team/app", tag: "1.0", image: index },
    { repository: "team/app", tag: "latest", image: index },
    { repository: "team/app", tag: "base", image: base },
    { repository: "team/app", tag: "grown", image: grown },
    { repository: "team/app/nested", tag: "1.0", image: list },
    { repository: "team/app/nested", tag: "grown", image: grown },
    { repository: "plain", tag: "v1.0_rc-1", image: docker },
  ];
}

/** What clients attach to an image in a registry that has no referrers API. */
function signatureOf(subject: StoredManifest): { readonly manifest: StoredManifest; readonly config: Blob } {
  const config = "{}";
  const body = {
    schemaVersion: 2,
    mediaType: ociType,
    artifactType: "application/vnd.example.signature",
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256(config), size: config.length },
    layers: [],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.byteLength },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { manifest: { digest: sha256(bytes), mediaType: ociType, bytes }, config: new Blob([config]) };
}

const sha512 = (text: string) => `sha512:${new Bun.CryptoHasher("sha512").update(text).digest("hex")}`;
const odd = "pushed under another digest";

takeOver("a directory that docker-registry filled", () => {
  const dataDirectory = makeTemporaryFolder("taken-over");
  let tagged: readonly Tagged[];
  let signature: StoredManifest;
  let deleted: Image;
  let damaged: Image;
  let berthRuns: RunningRegistry | undefined;
  let client: RegistryClient;

  beforeAll(async () => {
    tagged = await makeImages();
    deleted = await makeImage({ seed: "deleted", layerBytes: [1000] });
    damaged = await makeImage({ seed: "damaged", layerBytes: [1000] });
    const registry = await startPeer({ dataDirectory });
    for (const each of tagged) await push(registry, each);
    await push(registry, { repository: "plain", tag: "deleted", image: deleted });
    await push(registry, { repository: "broken", tag: "1.0", image: damaged });
    await pushOddThings(await connectTo(registry));
    await registry.stop();
    const hex = damaged.top.digest.slice("sha256:".length);
    truncateSync(join(dataDirectory, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"), 10);
  });

  async function pushOddThings(registry: RegistryClient): Promise<void> {
    await registry.mustRequest("DELETE", `/v2/plain/manifests/${deleted.top.digest}`);
    const { manifest, config } = signatureOf(tagged[0]?.image.top ?? deleted.top);
    signature = manifest;
    await registry.pushBlob("team/app", config, sha256(await config.text()));
    await registry.pushManifest("team/app", manifest.digest, manifest);
    await registry.pushBlob("plain", new Blob([odd]), sha512(odd));
    // What an interrupted push leaves.
    await registry.mustRequest("POST", "/v2/plain/blobs/uploads/");
  }

  afterAll(async () => {
    await berthRuns?.stop();
  });

  test.each(["1", "3"])(
    "is not served by %s before it was imported: the start names the command, and leaves nothing behind",
    async (processes) => {
      const env = {
        REGISTRY_HTTP_PROCESSES: processes,
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: dataDirectory,
        REGISTRY_HTTP_ADDR: `127.0.0.1:${takeFreePort()}`,
      };
      const { exitCode, stderr } = await runProgram(argv`${berth} serve`, { env, timeoutMs: 20_000 });
      expect(exitCode).toBe(78);
      expect(stderr).toContain(`bin/berth import registry-v2 ${dataDirectory} --dry-run`);
      expect(readdirSync(dataDirectory)).toEqual(["docker"]);
    },
  );

  test("is looked at without a trace", async () => {
    const before = filesOf(dataDirectory);
    const { stdout } = await mustRun(argv`${berth} import registry-v2 ${dataDirectory} --dry-run`);
    expect(stdout).toContain("Would import 4 repositories, ");
    expect(stdout).toContain(`broken@${damaged.top.digest}: its bytes are damaged`);
    expect(filesOf(dataDirectory)).toEqual(before);
  });

  test("is imported, with the damage that was done to it, and nothing of it is changed", async () => {
    const before = filesOf(dataDirectory);
    const { stdout } = await mustRun(argv`${berth} import registry-v2 ${dataDirectory}`);
    // Index and list have two children each; the manifest of the deleted tag and the damaged one are not there.
    expect(stdout).toMatch(/Imported 4 repositories, 11 manifests, 7 tags and \d+ blobs .*; 2 damaged\./);
    expect(stdout).toContain(`broken:1.0: it points at ${damaged.top.digest}, which is missing or damaged (left out)`);
    expect(filesOf(dataDirectory)).toEqual(before);
  });

  test("brings nothing new when it is imported once more", async () => {
    const { stdout } = await mustRun(argv`${berth} import registry-v2 ${dataDirectory}`);
    expect(stdout).toContain("Imported 0 repositories, 0 manifests, 0 tags and 0 blobs (0 bytes)");
  });

  test("is served by Berth: skopeo pulls every tag byte for byte", async () => {
    berthRuns = await startBerth({ dataDirectory });
    client = await connectTo(berthRuns);
    for (const each of tagged) {
      await expectPull(berthRuns, each);
      await expectServed(client, each.repository, each.tag, each.image);
    }
  });

  test("has the same repositories and tags", async () => {
    const catalog = await client.mustRequest("GET", "/v2/_catalog");
    expect(await catalog.json()).toEqual({ repositories: ["plain", "team/app", "team/app/nested"] });
    for (const repository of ["plain", "team/app", "team/app/nested"]) {
      const tags = tagged.filter((each) => each.repository === repository).map(({ tag }) => tag);
      expect(await client.listTags(repository)).toEqual(tags.sort());
    }
  });

  test("has not the image that was deleted, nor the damaged one", async () => {
    const statusOf = async (path: string) => (await client.request("GET", path)).status;
    expect(await statusOf(`/v2/plain/manifests/${deleted.top.digest}`)).toBe(404);
    expect(await statusOf("/v2/plain/manifests/deleted")).toBe(404);
    expect(await statusOf("/v2/broken/manifests/1.0")).toBe(404);
  });

  test("lists what refers to an image, which docker-registry cannot", async () => {
    const subject = tagged[0]?.image.top.digest ?? "";
    const answer = await client.mustRequest("GET", `/v2/team/app/referrers/${subject}`);
    const { manifests } = (await answer.json()) as { manifests: { digest: string; artifactType: string }[] };
    expect(manifests.map(({ digest, artifactType }) => [digest, artifactType])).toEqual([
      [signature.digest, "application/vnd.example.signature"],
    ]);
  });

  test("gives a blob back under the sha512 digest that it was pushed under", async () => {
    const answer = await client.mustRequest("GET", `/v2/plain/blobs/${sha512(odd)}`);
    expect(await answer.text()).toBe(odd);
  });

  test("takes pushes that share layers with what was there", async () => {
    const image = await makeImage({ seed: "shared", layerBytes: [1000, 300_000, 2000, 50] });
    const pushed = { repository: "team/app", tag: "after", image };
    if (!berthRuns) throw new Error("Berth does not run");
    await push(berthRuns, pushed);
    await expectPull(berthRuns, pushed);
  });

  test("can be repaired by pushing the damaged image again", async () => {
    if (!berthRuns) throw new Error("Berth does not run");
    const repaired = { repository: "broken", tag: "1.0", image: damaged };
    await push(berthRuns, repaired);
    await expectPull(berthRuns, repaired);
  });

  test("is not given up: docker-registry serves its images from it again", async () => {
    await berthRuns?.stop();
    berthRuns = undefined;
    const registry = await startPeer({ dataDirectory });
    try {
      const again = await connectTo(registry);
      for (const { repository, tag, image } of tagged) await expectServed(again, repository, tag, image);
      expect([...(await again.listTags("team/app/nested"))].sort()).toEqual(["1.0", "grown"]);
    } finally {
      await registry.stop();
    }
  });

  test("brings what docker-registry took in meanwhile with another import", async () => {
    const image = await makeImage({ seed: "late", layerBytes: [1000] });
    const late = { repository: "team/app", tag: "late", image };
    const moved = { repository: "team/app", tag: "latest", image };
    const registry = await startPeer({ dataDirectory });
    await push(registry, late);
    await push(registry, moved);
    await registry.stop();
    const { stdout } = await mustRun(argv`${berth} import registry-v2 ${dataDirectory}`);
    expect(stdout).toContain("Imported 0 repositories, 1 manifest, 1 tag and 2 blobs");
    berthRuns = await startBerth({ dataDirectory });
    for (const each of [late, moved, ...tagged.filter(({ tag }) => tag !== "latest")]) {
      await expectPull(berthRuns, each);
    }
  });
});

test("a directory without a registry:2 is refused", async () => {
  const folder = makeTemporaryFolder("empty");
  const { exitCode, stderr } = await runProgram(argv`${berth} import registry-v2 ${folder}`);
  expect(exitCode).toBe(66);
  expect(stderr).toContain(folder);
  expect(readdirSync(folder)).toEqual([]);
});
