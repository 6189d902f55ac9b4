import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireProgram, requireRoot } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { makeBusyboxContext } from "./support/busybox-context.ts";
import { expectConsistent } from "./support/expect-served.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const buildah = requireProgram("buildah");
const busybox = requireProgram("busybox", "busybox-static");
const root = requireRoot();

/** Buildah on a store of its own; only the commands that run or build something take `--isolation`. */
function useBuildah(): readonly string[] {
  const folder = makeTemporaryFolder("buildah");
  return argv`${buildah.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")} --storage-driver overlay`;
}

const mediaTypes = {
  oci: {
    image: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
  },
  docker: {
    image: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
  },
};

function itBuildsAndPushes(under: RegistryUnderTest, flags: () => readonly string[]): void {
  const own = useBuildah();
  beforeAll(async () => {
    const context = makeBusyboxContext();
    for (const format of ["oci", "docker"] as const) {
      const options = argv`--quiet --isolation chroot --layers --format ${format} --tag built:${format}`;
      await mustRun(argv`${own} bud ${options} ${context}`);
    }
  });

  test.each(["oci", "docker"] as const)("pushes what it built in the form %s, and pulls it", async (format) => {
    const target = `${under.host}/built/${format}:1`;
    await mustRun(argv`${own} push --quiet ${flags()} --format ${format === "oci" ? "oci" : "v2s2"}
      built:${format} docker://${target}`);
    const [config] = await expectConsistent(under.client, `built/${format}`, "1");
    expect((await under.client.getManifest(`built/${format}`, "1")).mediaType).toBe(mediaTypes[format].image);
    const puller = useBuildah();
    const pulled = await mustRun(argv`${puller} pull --quiet ${flags()} ${target}`);
    expect(`sha256:${pulled.stdout.trim()}`).toBe(config ?? "");
  });

  test.each(["oci", "docker"] as const)("makes and pushes an index in the form %s", async (format) => {
    const list = `list-${format}`;
    await mustRun(argv`${own} manifest create ${list}`);
    await mustRun(argv`${own} manifest add --arch amd64 ${list} containers-storage:localhost/built:${format}`);
    await mustRun(argv`${own} manifest add --arch arm64 ${list} containers-storage:localhost/built:${format}`);
    await mustRun(argv`${own} manifest push --quiet --all ${flags()} --format ${format === "oci" ? "oci" : "v2s2"}
      ${list} docker://${under.host}/index/${format}:1`);
    expect((await under.client.getManifest(`index/${format}`, "1")).mediaType).toBe(mediaTypes[format].index);
    await expectConsistent(under.client, `index/${format}`, "1");
  });

  test("builds upon an image that it pulls", async () => {
    await mustRun(argv`${own} push --quiet ${flags()} built:oci docker://${under.host}/base/image:1`);
    const builder = useBuildah();
    const made = await mustRun(argv`${builder} from --quiet ${flags()} ${under.host}/base/image:1`);
    const ran = await mustRun(argv`${builder} run --isolation chroot ${made.stdout.trim()} -- /bin/busybox cat /built`);
    expect(ran.stdout).toBe("built\n");
  });
}

root.describe("as root", () => {
  busybox.describe("from a static busybox", () => {
    buildah.describe("buildah over HTTP", () => {
      itBuildsAndPushes(useRegistry(), () => ["--tls-verify=false"]);
    });

    buildah.describe("buildah over TLS with a login", () => {
      const under = useRegistry({ tls: true, withLogin: true });
      const flags = (password: string) => argv`--creds ${login.user}:${password}
        --cert-dir ${under.registry.certificates?.authorityFolder ?? ""}`;
      itBuildsAndPushes(under, () => flags(login.password));

      test("is refused with a wrong password", async () => {
        const pulled = await runProgram(argv`${useBuildah()} pull ${flags(wrongPassword)} ${under.host}/built/oci:1`);
        expect(pulled.exitCode).not.toBe(0);
        expect(pulled.output).toMatch(/unauthorized|authentication required|invalid username\/password/i);
      });
    });
  });
});
