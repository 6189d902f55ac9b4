import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { startPeer } from "../support/docker-registry.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireLaterClient, requireProgram } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(120_000);
const peer = requireProgram("docker-registry");
const oras = requireLaterClient("oras");
const cosign = requireLaterClient("cosign");
const clients = oras.isInstalled ? cosign : oras;
const wayBack = peer.isInstalled ? clients.describe : peer.describe;
const env = { COSIGN_PASSWORD: "a password", DOCKER_CONFIG: makeTemporaryFolder("cosign-config") };
const REPOSITORY = "team/app";

interface Listed {
  readonly artifactType: string;
}

wayBack("what refers to an image", () => {
  const dataDirectory = makeTemporaryFolder("data");
  const folder = makeTemporaryFolder("signed");
  const key = (suffix: string) => join(folder, `cosign.${suffix}`);
  let running: RunningRegistry | undefined;
  let image: Image;
  let listTag: string;

  async function start(registry: typeof startBerth): Promise<RunningRegistry> {
    await running?.stop();
    running = await registry({ dataDirectory });
    return running;
  }
  afterAll(() => running?.stop());
  beforeAll(async () => {
    image = await makeImage({ seed: "signed", layerBytes: [1000] });
    listTag = image.top.digest.replace(":", "-");
    await Bun.write(join(folder, "sbom.json"), "{}");
    await mustRun(argv`${cosign.path} generate-key-pair`, { cwd: folder, env });
  });

  const referenceOn = ({ host }: RunningRegistry) => `${host}/${REPOSITORY}@${image.top.digest}`;
  const attach = (to: RunningRegistry, type: string) =>
    mustRun(
      argv`${oras.path} attach --plain-http --artifact-type ${type} ${referenceOn(to)} sbom.json:application/json`,
      { cwd: folder },
    );
  /** Of whatever registry, by whatever way it has. */
  async function discovered(on: RunningRegistry): Promise<readonly string[]> {
    const { stdout } = await mustRun(argv`${oras.path} discover --plain-http --format json ${referenceOn(on)}`);
    return ((JSON.parse(stdout) as { referrers?: readonly Listed[] }).referrers ?? [])
      .map(({ artifactType }) => artifactType)
      .sort();
  }
  const verify = (on: RunningRegistry) =>
    mustRun(
      argv`${cosign.path} verify --key ${key("pub")} --insecure-ignore-tlog --allow-http-registry ${referenceOn(on)}`,
      { env },
    );
  async function giveBack(
    ...words: readonly string[]
  ): Promise<{ written: number; keptCount: number; damaged: object[] }> {
    const args = ["export", "registry-v2", "--in-place", "--json", ...words, running?.configFile ?? ""];
    const { exitCode, stdout, stderr } = await runBerth(args);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return JSON.parse(stdout) as { written: number; keptCount: number; damaged: object[] };
  }
  const SIGNATURE = "application/vnd.dev.sigstore.bundle.v0.3+json";

  test("is found by oras and cosign on the docker-registry that Berth wrote for", async () => {
    const berth = await start(startBerth);
    await (await connectTo(berth)).pushImage(REPOSITORY, "1.0", image);
    await attach(berth, "application/x-sbom");
    await mustRun(
      argv`${cosign.path} sign --yes --key ${key("key")} --use-signing-config=false --tlog-upload=false
        --allow-http-registry ${referenceOn(berth)}`,
      { env },
    );
    expect(await discovered(berth)).toEqual(["application/x-sbom", SIGNATURE].sort());
    expect(await (await connectTo(berth)).listTags(REPOSITORY)).toEqual(["1.0"]);
    expect(await giveBack()).toMatchObject({ referrerLists: 1, keptCount: 0, damaged: [] });
    expect(await giveBack()).toMatchObject({ referrerLists: 1, written: 0, keptCount: 0 });
    expect(await giveBack("--prune")).toMatchObject({ written: 0, removed: 0 });

    const registry = await start(startPeer);
    expect([...(await (await connectTo(registry)).listTags(REPOSITORY))].sort()).toEqual(["1.0", listTag]);
    expect(await discovered(registry)).toEqual(["application/x-sbom", SIGNATURE].sort());
    await verify(registry);
  });

  test("is what it was, and no more, when Berth takes it over again with what came meanwhile", async () => {
    const registry = await start(startPeer);
    await attach(registry, "application/x-notes");
    await running?.stop();
    const { exitCode } = await runBerth(["import", "registry-v2", dataDirectory]);
    expect(exitCode).toBe(0);
    const berth = await start(startBerth);
    expect(await discovered(berth)).toEqual(["application/x-notes", "application/x-sbom", SIGNATURE].sort());
    await verify(berth);
    const client = await connectTo(berth);
    expect(await client.listTags(REPOSITORY)).toEqual(["1.0"]);
    expect((await client.request("GET", `/v2/${REPOSITORY}/manifests/${listTag}`)).status).toBe(404);
  });

  test("is given back once more; what registry:2 has beside it stays listed until it is pruned", async () => {
    const registry = await start(startPeer);
    await attach(registry, "application/x-late");
    const berth = await start(startBerth);
    const { keptCount } = await giveBack();
    // What came late, and the list of registry:2 that names it.
    expect(keptCount).toBe(2);
    const again = await start(startPeer);
    const all = ["application/x-late", "application/x-notes", "application/x-sbom", SIGNATURE].sort();
    expect(await discovered(again)).toEqual(all);
    expect(await discovered(await start(startBerth))).toEqual(all.filter((type) => type !== "application/x-late"));
    expect(berth.dataDirectory).toBe(dataDirectory);
    await giveBack("--prune");
    expect(await discovered(await start(startPeer))).toEqual(all.filter((type) => type !== "application/x-late"));
  });
});
