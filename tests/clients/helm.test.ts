import { expect, describe, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { sha256 } from "../support/registry-client.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireLaterClient } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(60_000);
const { path, describe: describeHelm } = requireLaterClient("helm");

const chart = `apiVersion: v2
name: harbour
version: 1.2.3+build.4
description: A chart of the tests
appVersion: "9"
`;
const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  a: b\n";

/** Helm that keeps its logins, caches and data in a folder of its own. */
function makeHome(): Readonly<Record<string, string>> {
  const home = makeTemporaryFolder("helm");
  return {
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    DOCKER_CONFIG: home,
  };
}

function itMovesCharts(
  under: RegistryUnderTest,
  env: Readonly<Record<string, string>>,
  flags: () => readonly string[],
): void {
  const helm = (...words: readonly string[]) => mustRun([path, ...words], { env });

  test("pushes a chart, pulls it and renders it from the registry", async () => {
    const folder = makeTemporaryFolder("chart");
    mkdirSync(join(folder, "harbour/templates"), { recursive: true });
    writeFileSync(join(folder, "harbour/Chart.yaml"), chart);
    writeFileSync(join(folder, "harbour/templates/map.yaml"), manifest);
    await helm("package", join(folder, "harbour"), "--destination", folder);
    const archive = join(folder, "harbour-1.2.3+build.4.tgz");

    const pushed = await helm("push", archive, `oci://${under.host}/charts`, ...flags());
    // A tag has no plus sign: helm writes an underscore for it.
    const { digest } = await under.client.getManifest("charts/harbour", "1.2.3_build.4");
    expect(pushed.output).toContain(digest);

    const target = `oci://${under.host}/charts/harbour`;
    const pulled = makeTemporaryFolder("chart-pulled");
    await helm("pull", target, "--version", "1.2.3+build.4", "--destination", pulled, ...flags());
    const bytes = await Bun.file(join(pulled, "harbour-1.2.3+build.4.tgz")).bytes();
    expect(sha256(bytes)).toBe(sha256(await Bun.file(archive).bytes()));

    const shown = await helm("show", "chart", target, "--version", "^1.2.0", ...flags());
    expect(shown.stdout).toContain("A chart of the tests");
    const rendered = await helm("template", "mine", target, "--version", "1.2.3+build.4", ...flags());
    expect(rendered.stdout).toContain("name: mine");
  });

  test("says that a chart is unknown", async () => {
    const words = ["pull", `oci://${under.host}/charts/none`, "--version", "1.0.0", ...flags()];
    const pulled = await runProgram([path, ...words], { env });
    expect(pulled.exitCode).not.toBe(0);
    expect(pulled.output).toContain("not found");
  });
}

describeHelm("helm over HTTP", () => {
  itMovesCharts(useRegistry(), makeHome(), () => ["--plain-http"]);
});

describeHelm("helm over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  const env = makeHome();
  const flags = () => argv`--ca-file ${under.registry.certificates?.authority ?? ""}`;
  const logIn = (password: string) =>
    runProgram(argv`${path} registry login ${flags()} --username ${login.user} --password-stdin ${under.host}`, {
      env,
      input: password,
    });

  test("refuses a wrong password, and accepts the right one", async () => {
    const refused = await logIn(wrongPassword);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/401|unauthorized/i);
    expect((await logIn(login.password)).output).toContain("Login Succeeded");
  });

  describe("once logged in", () => {
    itMovesCharts(under, env, flags);
  });
});
