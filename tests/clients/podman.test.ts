import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireProgram, requireRoot } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectConsistent } from "./support/expect-served.ts";
import { dockerImage, layeredImage } from "./support/images.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const podman = requireProgram("podman");
const root = requireRoot();

/** Podman on a store of its own, so that the machine's images are neither used nor touched. */
function usePodman(): readonly string[] {
  const folder = makeTemporaryFolder("podman");
  return argv`${podman.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")}
    --tmpdir ${join(folder, "tmp")} --storage-driver overlay --cgroup-manager cgroupfs`;
}

/** A configuration keeps its bytes on the way through podman's store, and layers their contents, but not their gzip. */
const configDigest = ({ blobs }: { readonly blobs: readonly { readonly digest: string }[] }) => blobs.at(-1)?.digest;

type Flags = () => readonly string[];

function itPushesAndPulls(under: RegistryUnderTest, flags: Flags, searchFlags: Flags): void {
  const own = usePodman();

  test.each([
    ["OCI", layeredImage],
    ["Docker", dockerImage],
  ])("pulls an image of %s types and pushes it elsewhere", async (name, make) => {
    const image = await make();
    const repository = `podman/${name.toLowerCase()}`;
    await under.client.pushImage(repository, "1", image);
    await mustRun(argv`${own} pull --quiet ${flags()} ${under.host}/${repository}:1`);
    const ids = await mustRun(argv`${own} images --quiet --no-trunc ${under.host}/${repository}:1`);
    expect(ids.stdout.trim()).toBe(configDigest(image) ?? "");
    await mustRun(
      argv`${own} push --quiet ${flags()} ${under.host}/${repository}:1 ${under.host}/again/${name.toLowerCase()}:2`,
    );
    expect(await expectConsistent(under.client, `again/${name.toLowerCase()}`, "2")).toEqual([
      configDigest(image) ?? "",
    ]);
  });

  test("pulls by digest", async () => {
    const image = await layeredImage();
    await under.client.pushImage("podman/by-digest", "1", image);
    await mustRun(argv`${own} rmi --all --force`);
    await mustRun(argv`${own} pull --quiet ${flags()} ${under.host}/podman/by-digest@${image.top.digest}`);
    const seen = await mustRun(argv`${own} images --digests --format {{.Digest}}`);
    expect(seen.stdout.trim()).toBe(image.top.digest);
  });

  test("searches the catalog and lists tags", async () => {
    const image = await layeredImage();
    await under.client.pushImage("podman/searched", "x", image);
    await under.client.pushImage("podman/searched", "y", image);
    // search has no --cert-dir; Go's own variable does the same.
    const env = { SSL_CERT_FILE: under.registry.certificates?.authority ?? "/dev/null" };
    const search = await mustRun(argv`${own} search ${searchFlags()} --format json ${under.host}/podman/sear`, { env });
    const found = JSON.parse(search.stdout) as { Name: string }[];
    expect(found.map(({ Name }) => Name)).toEqual([`${under.host}/podman/searched`]);
    const listing = await mustRun(
      argv`${own} search ${searchFlags()} --list-tags --format json
      ${under.host}/podman/searched`,
      { env },
    );
    expect(JSON.parse(listing.stdout)).toEqual([{ Name: `${under.host}/podman/searched`, Tags: ["x", "y"] }]);
  });

  test("says that a tag is unknown", async () => {
    const pulled = await runProgram(argv`${own} pull ${flags()} ${under.host}/podman/none:1`);
    expect(pulled.exitCode).not.toBe(0);
    expect(pulled.output).toMatch(/manifest unknown|name unknown|repository name not known/i);
  });
}

root.describe("as root", () => {
  podman.describe("podman over HTTP", () => {
    const insecure = () => ["--tls-verify=false"];
    itPushesAndPulls(useRegistry(), insecure, insecure);
  });

  podman.describe("podman over TLS with a login", () => {
    const under = useRegistry({ tls: true, withLogin: true });
    const own = usePodman();
    const authFile = join(makeTemporaryFolder("podman-login"), "auth.json");
    const flags = () => argv`--authfile ${authFile} --cert-dir ${under.registry.certificates?.authorityFolder ?? ""}`;
    const logIn = (password: string) =>
      runProgram(argv`${own} login ${flags()} --username ${login.user} --password-stdin ${under.host}`, {
        input: password,
      });

    test("refuses a wrong password, and accepts the right one", async () => {
      const refused = await logIn(wrongPassword);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toMatch(/unauthorized|invalid username\/password/i);
      const entered = await logIn(login.password);
      expect(entered.output).toContain("Login Succeeded!");
    });

    describe("once logged in", () => {
      itPushesAndPulls(under, flags, () => ["--authfile", authFile]);

      test("is refused again after logging out", async () => {
        await mustRun(argv`${own} logout --authfile ${authFile} ${under.host}`);
        const pulled = await runProgram(argv`${own} pull ${flags()} ${under.host}/podman/oci:1`);
        expect(pulled.exitCode).not.toBe(0);
        expect(pulled.output).toMatch(/authentication required|unauthorized/i);
      });
    });
  });
});
