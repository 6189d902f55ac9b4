import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { requireProgram, requireRoot } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { makeBusyboxContext } from "./support/busybox-context.ts";
import { dockerImage, layeredImage } from "./support/images.ts";
import { type RegistryUnderTest, useRegistry } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");
const buildah = requireProgram("buildah");
const busybox = requireProgram("busybox", "busybox-static");
const root = requireRoot();

const INSECURE = "--dest-tls-verify=false";

async function say({ registry }: RegistryUnderTest, ...words: readonly string[]): Promise<void> {
  expect(await runBerth(["namespace", "set", ...words, "--local", registry.configFile])).toMatchObject({ exitCode: 0 });
}

skopeo.describe("skopeo", () => {
  const under = useRegistry({ config: { storage: { delete: { enabled: true } } } });

  test("is told why an immutable tag is not moved and not deleted, and pushes the same again", async () => {
    await say(under, "team", "immutable-tags", "v*");
    const [image, other] = [await layeredImage(), await dockerImage()];
    const target = `docker://${under.host}/team/app:v1`;
    const push = (source: string) =>
      runProgram(argv`${skopeo.path} copy --quiet --all ${INSECURE} ${source} ${target}`);
    expect(await push(image.source)).toMatchObject({ exitCode: 0 });
    expect(await push(image.source)).toMatchObject({ exitCode: 0 });
    const moved = await push(other.source);
    expect(moved.exitCode).not.toBe(0);
    expect(moved.output).toContain("the tag v1 is immutable by ");
    const deleted = await runProgram(argv`${skopeo.path} delete --tls-verify=false ${target}`);
    expect(deleted.exitCode).not.toBe(0);
    expect(deleted.output).toContain("immutable");
  });
});

root.describe("as root", () => {
  busybox.describe("from a static busybox", () => {
    buildah.describe("buildah", () => {
      const under = useRegistry();

      test("makes an image whose label says how long its tag lasts", async () => {
        const folder = makeTemporaryFolder("buildah");
        const own = argv`${buildah.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")}
        --storage-driver overlay`;
        const options = argv`--quiet --isolation chroot --label quay.expires-after=1s --tag built`;
        await mustRun(argv`${own} bud ${options} ${makeBusyboxContext()}`);
        await mustRun(argv`${own} push --quiet --tls-verify=false built docker://${under.host}/team/app:pr-1`);
        await mustRun(argv`${own} bud --quiet --isolation chroot --tag lasting ${makeBusyboxContext()}`);
        await mustRun(argv`${own} push --quiet --tls-verify=false lasting docker://${under.host}/team/app:stays`);
        const run = async () => {
          const { stdout } = await runBerth(["retention", "run", under.registry.configFile, "--json"]);
          return (JSON.parse(stdout) as { expired: number }).expired === 1;
        };
        await until("the tag has expired", run);
        const tags = await fetch(`${under.registry.url}/v2/team/app/tags/list`);
        expect(await tags.json()).toEqual({ name: "team/app", tags: ["stays"] });
      });
    });
  });
});
