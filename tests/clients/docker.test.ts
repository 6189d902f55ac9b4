import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireProgram, requireRoot } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { makeBusyboxContext } from "./support/busybox-context.ts";
import { type DockerEngine, dockerVersions, startDocker } from "./support/docker-engine.ts";
import { expectConsistent } from "./support/expect-served.ts";
import { dockerImage, dockerList, largeImage, layeredImage, ociIndex } from "./support/images.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(180_000);

const busybox = requireProgram("busybox", "busybox-static");

const notLoggedIn = /no basic auth credentials|unauthorized|authorization failed|denied/i;

type Docker = (...words: readonly string[]) => Promise<{ readonly stdout: string; readonly output: string }>;

interface EngineUnderTest {
  /** Runs a command that must succeed. */
  readonly docker: Docker;
  /** Runs a command that must fail, and gives what it said. */
  readonly refused: (words: readonly string[], input?: string) => Promise<string>;
  readonly logIn: (host: string, password: string) => Promise<string>;
}

/** Config and layers keep their bytes in both stores; the older one makes manifests of its own. */
function itPushesAndPulls(under: RegistryUnderTest, engine: EngineUnderTest): void {
  const { docker } = engine;

  test.each([
    ["layered", layeredImage],
    ["docker", dockerImage],
  ])("pulls the image %s by tag and by digest, and pushes it elsewhere", async (name, make) => {
    const image = await make();
    const [from, to] = [`${under.host}/docker/${name}`, `${under.host}/docker-again/${name}`];
    await under.client.pushImage(`docker/${name}`, "1", image);
    const pulled = await docker("pull", `${from}:1`);
    expect(pulled.stdout).toContain(`Digest: ${image.top.digest}`);
    const byDigest = await docker("pull", `${from}@${image.top.digest}`);
    expect(byDigest.stdout).toContain("Image is up to date");
    await docker("tag", `${from}:1`, `${to}:2`);
    await docker("push", `${to}:2`);
    const config = image.blobs.at(-1)?.digest ?? "";
    expect(await expectConsistent(under.client, `docker-again/${name}`, "2")).toEqual([config]);
    await docker("image", "rm", "--force", `${from}:1`, `${to}:2`);
  });

  test.each([
    ["OCI index", ociIndex],
    ["Docker list", dockerList],
  ])("pulls its own platform of the %s, and inspects all", async (name, make) => {
    const index = await make();
    const repository = `platforms/${name.replace(" ", "-").toLowerCase()}`;
    await under.client.pushImage(repository, "1", index);
    const pulled = await docker("pull", `${under.host}/${repository}:1`);
    expect(pulled.stdout).toContain(`Digest: ${index.top.digest}`);
    const seen = await docker("image", "inspect", "--format", "{{.Architecture}}", `${under.host}/${repository}:1`);
    expect(seen.stdout.trim()).toBe("amd64");
    if (under.registry.certificates === undefined) {
      const inspected = await docker("manifest", "inspect", "--insecure", `${under.host}/${repository}:1`);
      const { manifests } = JSON.parse(inspected.stdout) as { manifests: { digest: string }[] };
      expect(manifests.map(({ digest }) => digest)).toEqual(index.manifests.slice(0, -1).map(({ digest }) => digest));
    }
  });

  test("pushes what it built, and runs what it pulled", async () => {
    const tag = `${under.host}/built/app:1`;
    await docker("build", "--quiet", "--network", "none", "--tag", tag, makeBusyboxContext());
    await docker("push", tag);
    await expectConsistent(under.client, "built/app", "1");
    await docker("image", "rm", "--force", tag);
    const ran = await docker("run", "--rm", "--pull", "always", "--network", "none", tag);
    expect(ran.stdout).toBe("built\n");
  });

  test("says that an image is unknown", async () => {
    expect(await engine.refused(["pull", `${under.host}/docker/none:1`])).toMatch(/not found|manifest unknown/);
  });
}

function itMovesLargeLayers(under: RegistryUnderTest, { docker }: EngineUnderTest): void {
  test("pulls and pushes a layer of 200 MB", async () => {
    const image = await largeImage();
    await under.client.pushImage("docker/large", "1", image);
    const [from, to] = [`${under.host}/docker/large:1`, `${under.host}/docker-again/large:2`];
    await docker("pull", "--quiet", from);
    // A new first layer of the same bytes: one that the registry does not have yet.
    const folder = makeTemporaryFolder("large-context");
    const large = image.blobs.find(({ sizeBytes }) => sizeBytes > 200_000_000);
    cpSync(large?.file ?? "", join(folder, "large"));
    await Bun.write(join(folder, "Dockerfile"), "FROM scratch\nCOPY large /large\nCMD /large\n");
    await docker("build", "--quiet", "--network", "none", "--tag", to, folder);
    await docker("push", to);
    await expectConsistent(under.client, "docker-again/large", "2");
    rmSync(folder, { recursive: true });
    await docker("image", "rm", "--force", from, to);
  });
}

function useEngine(version: (typeof dockerVersions)[number]): EngineUnderTest {
  let engine: DockerEngine | undefined;
  beforeAll(async () => {
    engine = await startDocker(version);
  });
  afterAll(async () => {
    await engine?.stop();
  });
  const command = (words: readonly string[], input?: string) => {
    if (engine === undefined) throw new Error("the engine is used before it was started");
    const options = { env: engine.env, ...(input === undefined ? {} : { input }) };
    return { line: [...engine.docker, ...words], options };
  };
  const refused: EngineUnderTest["refused"] = async (words, input) => {
    const { line, options } = command(words, input);
    const finished = await runProgram(line, options);
    expect(finished.exitCode).not.toBe(0);
    return finished.output;
  };
  return {
    refused,
    docker: (...words) => {
      const { line, options } = command(words);
      return mustRun(line, options);
    },
    logIn: async (host, password) => {
      const { line, options } = command(argv`login --username ${login.user} --password-stdin ${host}`, password);
      return (await runProgram(line, options)).output;
    },
  };
}

/** Gives the engine the registry's authority where it looks for one; it never asks for less on a loopback address. */
function useCertificates(under: RegistryUnderTest): void {
  const folder = () => join("/etc/docker/certs.d", under.host);
  beforeAll(() => {
    mkdirSync(folder(), { recursive: true });
    cpSync(under.registry.certificates?.authority ?? "", join(folder(), "ca.crt"));
  });
  afterAll(() => rmSync(folder(), { recursive: true }));
}

requireRoot().describe("as root", () => {
  busybox.describe("from a static busybox", () => {
    for (const version of dockerVersions) {
      version.dockerd.describe(version.name, () => {
        const engine = useEngine(version);

        describe("over HTTP", () => {
          const under = useRegistry();
          itPushesAndPulls(under, engine);
          itMovesLargeLayers(under, engine);
        });

        describe("over HTTP with a login", () => {
          const under = useRegistry({ withLogin: true });

          test("refuses a wrong password, and a pull and a push without a login", async () => {
            expect(await engine.logIn(under.host, wrongPassword)).toMatch(/unauthorized|401/i);
            const image = `${under.host}/guarded:1`;
            await under.client.pushImage("guarded", "1", await dockerImage());
            expect(await engine.refused(["pull", image])).toMatch(notLoggedIn);
            expect(await engine.logIn(under.host, login.password)).toContain("Login Succeeded");
            await engine.docker("pull", "--quiet", image);
            await engine.docker("logout", under.host);
            await engine.docker("tag", image, `${under.host}/pushed:1`);
            expect(await engine.refused(["push", `${under.host}/pushed:1`])).toMatch(notLoggedIn);
          });
        });

        describe("over TLS with a login", () => {
          const under = useRegistry({ tls: true, withLogin: true });
          useCertificates(under);

          // On a loopback address it tries plain HTTP next, and reports that: what it says here tells nothing.
          test("refuses a wrong password, and a pull without a login", async () => {
            expect(await engine.logIn(under.host, wrongPassword)).not.toContain("Login Succeeded");
            await under.client.pushImage("guarded", "1", await dockerImage());
            await engine.refused(["pull", `${under.host}/guarded:1`]);
          });

          describe("once logged in", () => {
            beforeAll(async () => {
              expect(await engine.logIn(under.host, login.password)).toContain("Login Succeeded");
            });
            itPushesAndPulls(under, engine);
          });
        });
      });
    }
  });
});
