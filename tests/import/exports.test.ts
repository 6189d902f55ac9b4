import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { dockerVersions, startDocker } from "../clients/support/docker-engine.ts";
import { expectPulled, expectServed } from "../clients/support/expect-served.ts";
import { argv } from "../support/argv.ts";
import { berthExecutable, runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo, type RegistryClient } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireLaterClient, requireProgram, requireRoot } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { startWithImages } from "./support/with-images.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");
const podman = requireProgram("podman");
const oras = requireLaterClient("oras");
const crane = requireLaterClient("crane");

let berth: RunningRegistry;
let client: RegistryClient;
let index: Image;
let docker: Image;
beforeAll(async () => {
  ({ berth, client, index, docker } = await startWithImages("to-export"));
  await client.pushImage("team/app", "1.0", index);
  await client.pushImage("team/app", "latest", docker);
  await client.pushImage("team/app/nested", "1.0", docker);
  // A repository may be called like another registry.
  await client.pushImage("docker.io/mirror", "1.0", docker);
});
afterAll(() => berth.stop());

const fileIn = (name: string) => join(makeTemporaryFolder("exports"), name);
const take = (form: string, ...words: string[]) => runBerth(["export", form, ...words, "--config", berth.configFile]);

async function mustTake(form: string, ...words: string[]): Promise<object> {
  const { exitCode, stdout, stderr } = await take(form, "--json", ...words);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as object;
}

async function readBySkopeo(source: string, image: Image): Promise<void> {
  const folder = makeTemporaryFolder("read");
  await mustRun(argv`${skopeo.path} copy --quiet --all ${source} dir:${folder}`);
  await expectPulled(folder, image);
}

/** What all content of a folder is called and how large it is. */
const filesOf = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((path) => statSync(join(folder, path)).isFile()).sort();

describe("an OCI layout", () => {
  skopeo.describe("that skopeo reads", () => {
    test.each(["layout", "layout.tar"])("as %s, with all platforms, byte for byte", async (name) => {
      const out = fileIn(name);
      const { exitCode, stdout } = await take("oci", "team/app:1.0", "--out", out);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`team/app:1.0 ${index.top.digest}\nWrote 3 manifests and 6 blobs (`);
      await readBySkopeo(`${name.endsWith(".tar") ? "oci-archive" : "oci"}:${out}:1.0`, index);
      expect(existsSync(`${out}.partial`)).toBe(false);
    });

    test("of all tags of a repository, and of an image by its digest", async () => {
      const other = await makeImage({ seed: "other-export", layerBytes: [2000] });
      await client.pushImage("all/tags", "1.0", index);
      await client.pushImage("all/tags", "2.0", other);
      const out = fileIn("layout");
      const summary = await mustTake("oci", "all/tags", `all/tags@${other.top.digest}`, "--out", out);
      expect((summary as { images: unknown[] }).images).toHaveLength(2);
      await readBySkopeo(`oci:${out}:1.0`, index);
      await readBySkopeo(`oci:${out}:2.0`, other);
    });

    test("of one platform", async () => {
      const out = fileIn("layout");
      await mustTake("oci", "team/app:1.0", "--platform", "linux/arm64", "--out", out);
      const inspected = await mustRun(argv`${skopeo.path} inspect --config oci:${out}:1.0`);
      expect(JSON.parse(inspected.stdout)).toMatchObject({ architecture: "arm64" });
      const none = await take("oci", "team/app:1.0", "--platform", "linux/s390x", "--out", fileIn("none"));
      expect(none).toMatchObject({ exitCode: 66, stderr: expect.stringContaining("has no image for linux/s390x") });
    });
  });

  crane.describe("that crane pushes", () => {
    test("with all platforms", async () => {
      const out = fileIn("layout");
      await mustTake("oci", "team/app:1.0", "--out", out);
      await mustRun(argv`${crane.path} push --index ${out} ${berth.host}/again/crane:1`);
      await client.getManifest("again/crane", index.top.digest);
    });
  });

  oras.describe("that oras reads", () => {
    test("with what refers to the image, where that is asked for", async () => {
      const folder = makeTemporaryFolder("attached");
      writeFileSync(join(folder, "sbom.json"), "{}");
      await client.pushImage("signed/app", "1", index);
      const flags = argv`--plain-http --artifact-type application/vnd.example.sbom`;
      const subject = `${berth.host}/signed/app:1`;
      await mustRun(argv`${oras.path} attach ${flags} ${subject} sbom.json:application/json`, { cwd: folder });
      const [with_, without] = [fileIn("with"), fileIn("without")];
      await mustTake("oci", "signed/app:1", "--referrers", "--out", with_);
      await mustTake("oci", "signed/app:1", "--out", without);
      const discover = (layout: string) =>
        mustRun(argv`${oras.path} discover --format json --oci-layout ${layout}:1`).then(({ stdout }) => stdout);
      expect(await discover(with_)).toContain("application/vnd.example.sbom");
      expect(await discover(without)).not.toContain("application/vnd.example.sbom");
      await mustRun(
        argv`${oras.path} copy --recursive --from-oci-layout --to-plain-http ${with_}:1 ${berth.host}/signed/again:1`,
      );
      await expectServed(client, "signed/again", "1", index);
    });
  });
});

describe("an archive for docker load", () => {
  skopeo.describe("that skopeo reads", () => {
    test("as Docker's, and as an OCI layout", async () => {
      const out = fileIn("images.tar");
      await mustTake("docker-archive", "team/app:1.0", "team/app:latest", "--out", out);
      const inspected = await mustRun(argv`${skopeo.path} inspect --config docker-archive:${out}:team/app:latest`);
      expect(JSON.parse(inspected.stdout)).toMatchObject({ os: "linux", config: { Cmd: ["/none"] } });
      await readBySkopeo(`oci-archive:${out}:1.0`, index);
    });
  });

  test("is refused for what is no image", async () => {
    const folder = makeTemporaryFolder("artifact");
    writeFileSync(join(folder, "file"), "x");
    const config = "{}";
    const blob = { digest: `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`, size: 2 };
    await client.pushBlob("artifact", new Blob([config]), blob.digest);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const body = { schemaVersion: 2, mediaType, config: { mediaType: "application/x-test", ...blob }, layers: [] };
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    await client.pushManifest("artifact", "1", { digest: "", mediaType, bytes });
    const { exitCode, stderr } = await take("docker-archive", "artifact:1", "--out", join(folder, "a.tar"));
    expect(exitCode).toBe(65);
    expect(stderr).toContain("artifact:1 is no container image");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  requireRoot().describe("as root", () => {
    podman.describe("that podman loads", () => {
      test("with its names", async () => {
        const folder = makeTemporaryFolder("podman");
        const own = argv`${podman.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")}
          --tmpdir ${join(folder, "tmp")} --storage-driver overlay --cgroup-manager cgroupfs`;
        const out = fileIn("images.tar");
        await mustTake("docker-archive", "team/app:latest", "team/app/nested:1.0", "--out", out);
        await mustRun(argv`${own} load --quiet --input ${out}`);
        const images = await mustRun(argv`${own} images --format {{.Repository}}:{{.Tag}}`);
        expect(images.stdout).toContain("team/app:latest");
      });
    });

    for (const version of dockerVersions) {
      version.dockerd.describe(`that ${version.name} loads`, () => {
        test("with its names", async () => {
          const engine = await startDocker(version);
          try {
            const run = (...words: readonly string[]) => mustRun(argv`${engine.docker} ${words}`, { env: engine.env });
            const out = fileIn("images.tar");
            await mustTake("docker-archive", "team/app", "--out", out);
            await run("load", "--input", out);
            const images = await run("images", "--format", "{{.Repository}}:{{.Tag}}");
            expect(images.stdout.trim().split("\n").sort()).toEqual(["team/app:1.0", "team/app:latest"]);
          } finally {
            await engine.stop();
          }
        });
      });
    }
  });
});

describe("a bundle", () => {
  /** @param name of a folder or a tar */
  async function bundled(name: string): Promise<string> {
    const out = fileIn(name);
    await mustTake("bundle", "team/**", "docker.io/mirror", "--out", out);
    return out;
  }

  async function withOther(use: (other: RunningRegistry) => Promise<void>): Promise<void> {
    const other = await startBerth();
    try {
      await use(other);
    } finally {
      await other.stop();
    }
  }

  test.each(["bundle", "bundle.tar"])("as %s brings all repositories to another registry", async (name) => {
    const out = await bundled(name);
    await withOther(async (other) => {
      const { exitCode, stderr } = await runBerth(["import", "bundle", out, other.configFile]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      const there = await connectTo(other);
      await expectServed(there, "team/app", "1.0", index);
      await expectServed(there, "team/app", "latest", docker);
      await expectServed(there, "team/app/nested", "1.0", docker);
      await expectServed(there, "docker.io/mirror", "1.0", docker);
      const catalog = await there.mustRequest("GET", "/v2/_catalog");
      expect(await catalog.json()).toEqual({ repositories: ["docker.io/mirror", "team/app", "team/app/nested"] });
    });
  });

  test("is checked by sha256sum, and says each file", async () => {
    const out = await bundled("bundle");
    await mustRun(argv`sha256sum --check --strict --quiet SHA256SUMS`, { cwd: out });
    const sums = (await Bun.file(join(out, "SHA256SUMS")).text()).trim().split("\n");
    expect(sums.map((line) => line.slice(66)).sort()).toEqual(filesOf(out).filter((path) => path !== "SHA256SUMS"));
  });

  test("goes on where it was interrupted: what is right is not written again, what is not is", async () => {
    const out = await bundled("bundle");
    const blobs = filesOf(out).filter((path) => path.startsWith("blobs/"));
    const [cut = "", gone = "", kept = ""] = blobs;
    truncateSync(join(out, cut), 3);
    rmSync(join(out, gone));
    const before = statSync(join(out, kept)).mtimeMs;
    const summary = await mustTake("bundle", "team/**", "docker.io/mirror", "--out", out);
    const { totalBytes, keptBytes } = summary as { totalBytes: number; keptBytes: number };
    const rewritten = [cut, gone].reduce((sum, path) => sum + statSync(join(out, path)).size, 0);
    expect(keptBytes).toBe(totalBytes - rewritten);
    expect(statSync(join(out, kept)).mtimeMs).toBe(before);
    await mustRun(argv`sha256sum --check --strict --quiet SHA256SUMS`, { cwd: out });
  });

  test.each([
    ["a file is cut", (out: string, file: string) => truncateSync(join(out, file), 5), /is damaged: its checksum/],
    ["a file is gone", (out: string, file: string) => rmSync(join(out, file)), /blobs\/\S+ is missing/],
    ["index.json is another", (out: string) => writeFileSync(join(out, "index.json"), "{}"), /index\.json is damaged/],
    ["its checksums are gone", (out: string) => rmSync(join(out, "SHA256SUMS")), /it is no bundle/],
    ["its checksums are none", (out: string) => writeFileSync(join(out, "SHA256SUMS"), "x"), /line 1 of SHA256SUMS/],
  ])("is refused as a whole where %s", async (_, harm, reason) => {
    const out = await bundled("bundle");
    harm(out, filesOf(out).findLast((path) => path.startsWith("blobs/")) ?? "");
    await withOther(async (other) => {
      const { exitCode, stderr } = await runBerth(["import", "bundle", out, other.configFile]);
      expect(exitCode).toBe(65);
      expect(stderr).toMatch(reason);
      const catalog = await (await connectTo(other)).mustRequest("GET", "/v2/_catalog");
      expect(await catalog.json()).toEqual({ repositories: [] });
    });
  });
});

describe("nothing is left of an export", () => {
  test("of what is not there", async () => {
    const out = fileIn("none.tar");
    for (const [reference, reason] of [
      ["team/none:1.0", "there is no repository team/none."],
      ["team/app:none", "team/app has no tag none."],
      ["none/*", "no image of a repository that matches none/*."],
    ] as const) {
      const { exitCode, stderr } = await take("oci", reference, "--out", out);
      expect({ exitCode, stderr }).toEqual({ exitCode: 66, stderr: `${reason}\n` });
    }
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test("to a folder that is not there", async () => {
    const { exitCode, stderr } = await take("oci", "team/app:1.0", "--out", "/nowhere/at.tar");
    expect({ exitCode, stderr }).toEqual({ exitCode: 66, stderr: "There is no /nowhere.\n" });
  });

  test.each(["full.tar", "full"])("for which there is no space: %s", async (name) => {
    const out = fileIn(name);
    const command = argv`${berthExecutable} export oci team/app:1.0 --out ${out} --config ${berth.configFile}`;
    // No file may be larger than 50 KiB.
    const limited = argv`sh -c ${"trap '' XFSZ; ulimit -f 100; exec \"$@\""} sh ${command}`;
    const { exitCode, stderr } = await runProgram(limited, { timeoutMs: 20_000 });
    expect(exitCode).toBe(74);
    expect(stderr).toContain("EFBIG");
    expect(existsSync(`${out}.partial`)).toBe(false);
    expect(existsSync(name === "full" ? join(out, "index.json") : out)).toBe(false);
  });

  test("whose bytes are damaged", async () => {
    const image = await makeImage({ seed: "damaged-export", layerBytes: [100_000] });
    await client.pushImage("damaged", "1", image);
    const hex = image.blobs[0]?.digest.slice("sha256:".length) ?? "";
    const file = join(berth.dataDirectory, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
    const bytes = await Bun.file(file).bytes();
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const out = fileIn("damaged.tar");
    const { exitCode, stderr } = await take("oci", "damaged:1", "--out", out);
    expect(exitCode).toBe(74);
    expect(stderr).toContain(`the stored bytes of sha256:${hex} have another digest`);
    expect(readdirSync(dirname(out))).toEqual([]);
  });
});
