import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireLaterClient } from "../support/require-program.ts";
import { startTcpTap } from "../support/tcp-tap.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectGone, expectServed } from "./support/expect-served.ts";
import { dockerImage, dockerList, largeImage, layeredImage, ociIndex } from "./support/images.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const { path, describe: describeCrane } = requireLaterClient("crane");

/** Crane keeps logins where docker does, and trusts what Go is told to trust. */
type Environment = () => Readonly<Record<string, string>>;

function itCopies(under: RegistryUnderTest, env: Environment): void {
  const crane = (...words: readonly string[]) => mustRun([path, ...words], { env: env() });

  test.each([
    ["layered", layeredImage],
    ["index", ociIndex],
    ["large", largeImage],
  ])("pushes and pulls the layout %s", async (name, make) => {
    const image = await make();
    const target = `${under.host}/crane/${name}:1`;
    // It takes a layout's whole index.json for an index, unless that names one image.
    const manifestFile = join(makeTemporaryFolder("crane-ref"), "ref");
    const isIndex = image.manifests.length > 1;
    await crane("push", ...(isIndex ? ["--index"] : []), "--image-refs", manifestFile, image.folder, target);
    const pushed = (await Bun.file(manifestFile).text()).trim();
    const folder = makeTemporaryFolder("crane-pulled");
    await crane("pull", "--format", "oci", pushed, folder);
    await crane("validate", "--remote", target);
    if (!isIndex) await expectServed(under.client, `crane/${name}`, "1", image);
    for (const { digest } of [...image.blobs, ...image.manifests]) {
      const file = Bun.file(join(folder, "blobs/sha256", digest.slice("sha256:".length)));
      expect(`sha256:${new Bun.CryptoHasher("sha256").update(await file.arrayBuffer()).digest("hex")}`).toBe(digest);
    }
  });

  test("copies between repositories without sending a layer again", async () => {
    const image = await dockerList();
    await under.client.pushImage("crane/source", "1", image);
    if (under.registry.certificates === undefined) {
      const tap = await startTcpTap(under.registry.port);
      await crane("copy", `127.0.0.1:${tap.port}/crane/source:1`, `127.0.0.1:${tap.port}/crane/copied:2`);
      const requests = tap.sent();
      tap.close();
      expect(requests).toMatch(/POST \/v2\/crane\/copied\/blobs\/uploads\/\?from=crane%2Fsource&mount=sha256%3A/);
      expect(requests).not.toContain("PATCH ");
    } else {
      await crane("copy", `${under.host}/crane/source:1`, `${under.host}/crane/copied:2`);
    }
    await expectServed(under.client, "crane/copied", "2", image);
  });

  test("reads digests, manifests and blobs", async () => {
    const image = await dockerImage();
    await under.client.pushImage("crane/read", "1", image);
    expect((await crane("digest", `${under.host}/crane/read:1`)).stdout.trim()).toBe(image.top.digest);
    const manifest = await crane("manifest", `${under.host}/crane/read@${image.top.digest}`);
    expect(new TextEncoder().encode(manifest.stdout)).toEqual(image.top.bytes);
    const config = image.blobs.at(-1);
    const read = await crane("blob", `${under.host}/crane/read@${config?.digest ?? ""}`);
    expect(read.stdout).toBe(await Bun.file(config?.file ?? "").text());
  });

  test("lists tags and the catalog", async () => {
    const image = await dockerImage();
    await under.client.pushImage("crane/listed", "x", image);
    await crane("tag", `${under.host}/crane/listed:x`, "w");
    expect((await crane("ls", `${under.host}/crane/listed`)).stdout.trim().split("\n").sort()).toEqual(["w", "x"]);
    const repositories = (await crane("catalog", under.host)).stdout.trim().split("\n");
    expect(repositories).toContain("crane/listed");
    expect(repositories).toEqual([...repositories].sort());
  });

  test("deletes by digest", async () => {
    const image = await dockerImage();
    await under.client.pushImage("crane/deleted", "1", image);
    await crane("delete", `${under.host}/crane/deleted@${image.top.digest}`);
    await expectGone(under.client, "crane/deleted", "1", image.top.digest);
  });

  test("says that an image is unknown", async () => {
    const read = await runProgram([path, "manifest", `${under.host}/crane/none:1`], { env: env() });
    expect(read.exitCode).not.toBe(0);
    expect(read.output).toMatch(/(MANIFEST|NAME)_UNKNOWN/);
  });
}

describeCrane("crane over HTTP", () => {
  const folder = makeTemporaryFolder("crane");
  itCopies(useRegistry(), () => ({ DOCKER_CONFIG: folder }));
});

describeCrane("crane over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  const folder = makeTemporaryFolder("crane");
  const env: Environment = () => ({
    DOCKER_CONFIG: folder,
    SSL_CERT_FILE: under.registry.certificates?.authority ?? "",
  });
  const logIn = async (password: string) => {
    const flags = argv`--username ${login.user} --password-stdin`;
    await mustRun(argv`${path} auth login ${flags} ${under.host}`, { env: env(), input: password });
  };

  test("is refused without a login and with a wrong password", async () => {
    const list = () => runProgram(argv`${path} catalog ${under.host}`, { env: env() });
    expect((await list()).output).toMatch(/UNAUTHORIZED|401/);
    await logIn(wrongPassword);
    expect((await list()).output).toMatch(/UNAUTHORIZED|401/);
  });

  describe("once logged in", () => {
    beforeAll(() => logIn(login.password));
    itCopies(under, env);
  });
});
