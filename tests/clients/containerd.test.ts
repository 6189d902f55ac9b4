import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import type { Image } from "../support/image.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireRoot } from "../support/require-program.ts";
import { startTcpTap } from "../support/tcp-tap.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { type Containerd, containerdVersions, startContainerd } from "./support/containerd.ts";
import { expectServed } from "./support/expect-served.ts";
import { dockerImage, dockerList, largeImage, layeredImage, ociIndex } from "./support/images.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);

/** A `ctr images` command in a namespace of its own: nothing is there that the test did not pull. */
type Images = (namespace: string) => readonly string[];

function itPushesAndPulls(under: RegistryUnderTest, images: Images, flags: () => readonly string[]): void {
  const pullAndPushAgain = async (name: string, image: Image) => {
    const [from, to] = [`${under.host}/ctr/${name}:1`, `${under.host}/ctr-again/${name}:2`];
    await under.client.pushImage(`ctr/${name}`, "1", image);
    await mustRun(argv`${images(name)} pull ${flags()} --all-platforms ${from}`);
    const listed = await mustRun(argv`${images(name)} list name==${from}`);
    expect(listed.stdout).toContain(image.top.digest);
    await mustRun(argv`${images(name)} tag ${from} ${to}`);
    await mustRun(argv`${images(name)} push ${flags()} ${to}`);
    await expectServed(under.client, `ctr-again/${name}`, "2", image);
  };

  test.each([
    ["layered", layeredImage],
    ["docker", dockerImage],
    ["index", ociIndex],
    ["list", dockerList],
  ])("pulls %s and pushes every byte of it elsewhere", async (name, make) => {
    await pullAndPushAgain(name, await make());
  });

  test("pulls and pushes a layer of 200 MB", async () => {
    await pullAndPushAgain("large", await largeImage());
  });

  test("pulls by digest, and only one platform", async () => {
    const image = await ociIndex();
    await under.client.pushImage("ctr/by-digest", "1", image);
    const reference = `${under.host}/ctr/by-digest@${image.top.digest}`;
    await mustRun(argv`${images("digest")} pull ${flags()} --platform linux/arm64 ${reference}`);
    const listed = await mustRun(argv`${images("digest")} list --quiet`);
    expect(listed.stdout.trim()).toBe(reference);
  });

  test("says that a tag is unknown", async () => {
    const pulled = await runProgram(argv`${images("none")} pull ${flags()} ${under.host}/ctr/none:1`);
    expect(pulled.exitCode).not.toBe(0);
    expect(pulled.output).toMatch(/not found|StatusNotFound/);
  });
}

requireRoot().describe("as root", () => {
  for (const { name, daemon, ctr } of containerdVersions) {
    daemon.describe(name, () => {
      let started: Containerd | undefined;
      beforeAll(async () => {
        started = await startContainerd(daemon.path);
      });
      afterAll(async () => {
        await started?.daemon.stop();
      });
      const images: Images = (namespace) =>
        argv`${ctr.path} --address ${started?.socket ?? ""} --namespace ${namespace} images`;

      describe("over HTTP", () => {
        const under = useRegistry();
        itPushesAndPulls(
          under,
          (namespace) => images(`http-${namespace}`),
          () => ["--plain-http"],
        );

        test("pulls through a mirror of hosts.toml, naming the namespace", async () => {
          const image = await layeredImage();
          await under.client.pushImage("team/mirrored", "1", image);
          const tap = await startTcpTap(under.registry.port);
          const hosts = makeTemporaryFolder("hosts");
          mkdirSync(join(hosts, "upstream.test"));
          writeFileSync(
            join(hosts, "upstream.test/hosts.toml"),
            `server = "http://127.0.0.1:1"\n[host."http://127.0.0.1:${tap.port}"]\ncapabilities = ["pull", "resolve"]\n`,
          );
          await mustRun(argv`${images("mirror")} pull --hosts-dir ${hosts} upstream.test/team/mirrored:1`);
          const requests = tap.sent();
          tap.close();
          expect(requests).toContain("HEAD /v2/team/mirrored/manifests/1?ns=upstream.test HTTP/1.1");
          expect(requests).toMatch(
            /GET \/v2\/team\/mirrored\/blobs\/sha256:[0-9a-f]{64}\?ns=upstream\.test HTTP\/1\.1/,
          );
          const listed = await mustRun(argv`${images("mirror")} list name==upstream.test/team/mirrored:1`);
          expect(listed.stdout).toContain(image.top.digest);
        });
      });

      describe("over TLS with a login", () => {
        const under = useRegistry({ tls: true, withLogin: true });
        const hosts = makeTemporaryFolder("hosts");
        // The older one takes 127.0.0.1 for plain HTTP whatever its flags say, but believes this file.
        beforeAll(() => {
          const { url, host, certificates } = under.registry;
          mkdirSync(join(hosts, host));
          const server = `[host."${url}"]\nca = "${certificates?.authority ?? ""}"\n`;
          writeFileSync(join(hosts, host, "hosts.toml"), server);
        });
        const flags = (password: string) => argv`--hosts-dir ${hosts} --user ${login.user}:${password}`;
        itPushesAndPulls(
          under,
          (namespace) => images(`tls-${namespace}`),
          () => flags(login.password),
        );

        test("is refused with a wrong password", async () => {
          const pulled = await runProgram(
            argv`${images("refused")} pull ${flags(wrongPassword)} ${under.host}/ctr/layered:1`,
          );
          expect(pulled.exitCode).not.toBe(0);
          expect(pulled.output).toMatch(/401|unauthorized|authorization failed/i);
        });
      });
    });
  }
});
