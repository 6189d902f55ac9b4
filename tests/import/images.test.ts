import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { dockerVersions, startDocker } from "../clients/support/docker-engine.ts";
import { expectConsistent, expectPulled, expectServed } from "../clients/support/expect-served.ts";
import { argv } from "../support/argv.ts";
import { berthExecutable, runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo, type RegistryClient } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireLaterClient, requireProgram, requireRoot } from "../support/require-program.ts";
import { type Finished, mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { startWithImages } from "./support/with-images.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");
const podman = requireProgram("podman");
const umoci = requireProgram("umoci");
const oras = requireLaterClient("oras");
const crane = requireLaterClient("crane");

let berth: RunningRegistry;
let client: RegistryClient;
let index: Image;
let docker: Image;
beforeAll(async () => {
  ({ berth, client, index, docker } = await startWithImages("to-import"));
});
afterAll(() => berth.stop());

const fileIn = (name: string) => join(makeTemporaryFolder("images"), name);
const bringIn = (form: string, path: string, ...more: string[]): Promise<Finished> =>
  runBerth(["import", form, path, berth.configFile, ...more]);

async function mustImport(form: string, path: string, ...more: string[]): Promise<object> {
  const { exitCode, stdout, stderr } = await bringIn(form, path, "--json", ...more);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as object;
}

describe("an OCI layout comes in beside a running registry", () => {
  skopeo.describe("by skopeo", () => {
    test("as a folder, with all platforms, and skopeo pulls it byte for byte", async () => {
      const { exitCode, stdout } = await bringIn("oci", index.folder, "--to", "oci/folder");
      expect(exitCode).toBe(0);
      expect(stdout).toContain(
        `oci/folder:latest ${index.top.digest}\nImported 1 image with 3 manifests and 6 new blobs`,
      );
      await expectServed(client, "oci/folder", "latest", index);
      const folder = makeTemporaryFolder("pulled");
      const from = `docker://${berth.host}/oci/folder:latest`;
      await mustRun(argv`${skopeo.path} copy --quiet --all --src-tls-verify=false ${from} dir:${folder}`);
      await expectPulled(folder, index);
    });

    test("as an archive, under the name that it has in it", async () => {
      const file = fileIn("image.tar");
      await mustRun(
        argv`${skopeo.path} copy --quiet --all ${index.source} oci-archive:${file}:example.com/oci/archive:2.0`,
      );
      await mustImport("oci", file);
      await expectServed(client, "oci/archive", "2.0", index);
    });

    test("as an archive that is compressed", async () => {
      const file = fileIn("image.tar");
      await mustRun(argv`${skopeo.path} copy --quiet --all ${index.source} oci-archive:${file}:3.0`);
      await mustRun(argv`gzip ${file}`);
      await mustImport("oci", `${file}.gz`, "--to", "oci/gzip");
      await expectServed(client, "oci/gzip", "3.0", index);
      // What it was unpacked to is gone.
      const beside = readdirSync(join(berth.dataDirectory, "berth"));
      expect(beside.filter((name) => name.startsWith("import-"))).toEqual([]);
    });
  });

  umoci.describe("by umoci", () => {
    test("that was made from nothing", async () => {
      const layout = fileIn("layout");
      await mustRun(argv`${umoci.path} init --layout ${layout}`);
      await mustRun(argv`${umoci.path} new --image ${layout}:empty`);
      await mustImport("oci", layout, "--to", "oci/umoci");
      expect(await client.listTags("oci/umoci")).toEqual(["empty"]);
    });
  });

  oras.describe("by oras", () => {
    test("with what refers to an image", async () => {
      await client.pushImage("oci/signed", "1", docker);
      const folder = makeTemporaryFolder("attached");
      writeFileSync(join(folder, "sbom.json"), "{}");
      const image = `${berth.host}/oci/signed:1`;
      const flags = argv`--plain-http --artifact-type application/vnd.example.sbom`;
      await mustRun(argv`${oras.path} attach ${flags} ${image} sbom.json:application/json`, { cwd: folder });
      const layout = join(folder, "layout");
      await mustRun(argv`${oras.path} copy --recursive --from-plain-http --to-oci-layout ${image} ${layout}:1`);
      await mustImport("oci", layout, "--to", "oci/copied");
      const answer = await client.mustRequest("GET", `/v2/oci/copied/referrers/${docker.top.digest}`);
      const { manifests } = (await answer.json()) as { manifests: { artifactType: string }[] };
      expect(manifests.map(({ artifactType }) => artifactType)).toEqual(["application/vnd.example.sbom"]);
    });
  });
});

describe("an archive of docker save comes in", () => {
  skopeo.describe("by skopeo", () => {
    test("whole, with the configuration that it had", async () => {
      const file = fileIn("image.tar");
      await mustRun(
        argv`${skopeo.path} copy --quiet ${docker.source} docker-archive:${file}:docker.io/library/saved:1.0`,
      );
      expect(await mustImport("docker-archive", file)).toMatchObject({
        images: [{ repository: "saved", tags: ["1.0"] }],
      });
      expect(await expectConsistent(client, "saved", "1.0")).toEqual([docker.blobs.at(-1)?.digest ?? ""]);
    });
  });

  crane.describe("by crane", () => {
    test.each(["legacy", "tarball"])("as %s", async (format) => {
      await client.pushImage("saved/source", "1", docker);
      const file = fileIn("image.tar");
      await mustRun(argv`${crane.path} pull --format ${format} ${berth.host}/saved/source:1 ${file}`);
      await mustImport("docker-archive", file, "--to", `saved/${format}:1`);
      expect(await expectConsistent(client, `saved/${format}`, "1")).toEqual([docker.blobs.at(-1)?.digest ?? ""]);
    });
  });

  requireRoot().describe("as root", () => {
    podman.describe("by podman", () => {
      test("with several images, which podman pulls again", async () => {
        const folder = makeTemporaryFolder("podman");
        const own = argv`${podman.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")}
          --tmpdir ${join(folder, "tmp")} --storage-driver overlay --cgroup-manager cgroupfs`;
        const other = await makeImage({ seed: "podman-other", layerBytes: [2000] });
        for (const [tag, image] of [
          ["one", docker],
          ["two", other],
        ] as const) {
          await client.pushImage("podman/source", tag, image);
          await mustRun(argv`${own} pull --quiet --tls-verify=false ${berth.host}/podman/source:${tag}`);
          await mustRun(argv`${own} tag ${berth.host}/podman/source:${tag} localhost/podman/saved:${tag}`);
        }
        const file = fileIn("images.tar");
        await mustRun(argv`${own} save --quiet --multi-image-archive --output ${file}
          localhost/podman/saved:one localhost/podman/saved:two`);
        await mustImport("docker-archive", file);
        expect(await client.listTags("podman/saved")).toEqual(["one", "two"]);
        expect(await expectConsistent(client, "podman/saved", "one")).toEqual([docker.blobs.at(-1)?.digest ?? ""]);
        await mustRun(argv`${own} pull --quiet --tls-verify=false ${berth.host}/podman/saved:two`);
      });
    });

    for (const version of dockerVersions) {
      version.dockerd.describe(`by ${version.name}`, () => {
        test("with several images, which docker pulls again", async () => {
          const engine = await startDocker(version);
          const run = (...words: readonly string[]) => mustRun(argv`${engine.docker} ${words}`, { env: engine.env });
          const repository = version.isLater ? "docker/later" : "docker/now";
          try {
            await client.pushImage("docker/source", "1", docker);
            await run("pull", "--quiet", `${berth.host}/docker/source:1`);
            await run("tag", `${berth.host}/docker/source:1`, `${repository}:1`);
            await run("tag", `${berth.host}/docker/source:1`, `${repository}:2`);
            const file = fileIn("images.tar");
            await run("save", "--output", file, `${repository}:1`, `${repository}:2`);
            await mustImport("docker-archive", file);
            expect(await client.listTags(repository)).toEqual(["1", "2"]);
            expect(await expectConsistent(client, repository, "2")).toEqual([docker.blobs.at(-1)?.digest ?? ""]);
            await run("image", "rm", "--force", `${repository}:1`);
            await run("pull", "--quiet", `${berth.host}/${repository}:1`);
          } finally {
            await engine.stop();
          }
        });
      });
    }
  });
});

describe("refused is", () => {
  test("an archive with a damaged layer, and nothing of it is in the catalogue", async () => {
    const file = fileIn("image.tar");
    await mustRun(argv`${skopeo.path} copy --quiet ${docker.source} docker-archive:${file}:broken:1.0`);
    truncateSync(file, 60_000);
    const { exitCode, stderr } = await bringIn("docker-archive", file);
    expect(exitCode).toBe(65);
    expect(stderr).toStartWith(`${file}: it is no whole tar archive`);
    expect((await client.request("GET", "/v2/broken/tags/list")).status).toBe(404);
  });

  test("what is not there", async () => {
    const { exitCode, stderr } = await bringIn("oci", "/nowhere/at/all");
    expect({ exitCode, stderr }).toEqual({ exitCode: 66, stderr: "There is no /nowhere/at/all.\n" });
  });

  test("a name for it that is none", async () => {
    const { exitCode, stderr } = await bringIn("oci", index.folder, "--to", "Not/Good");
    expect(exitCode).toBe(65);
    expect(stderr).toContain("a repository name is lower case");
  });
});

test("an import without a running registry works on the same data, and is in the audit trail", async () => {
  const dataDirectory = makeTemporaryFolder("stopped");
  const first = await startBerth({ dataDirectory, config: { audit: { enabled: true } } });
  const config = join(makeTemporaryFolder("config"), "config.yml");
  await Bun.write(config, Bun.file(first.configFile));
  await first.stop();
  await mustRun(argv`${berthExecutable} import oci ${index.folder} ${config} --to team/app`);
  const trail = await mustRun(argv`${berthExecutable} audit list --local ${config}`);
  expect(trail.stdout).toMatch(/local:\S+ +manifest\.push +team\/app/);
  const again = await startBerth({ dataDirectory });
  try {
    await expectServed(await connectTo(again), "team/app", "latest", index);
  } finally {
    await again.stop();
  }
});
