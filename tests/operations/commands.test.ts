import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { berthExecutable, runBerth } from "../support/berth-command.ts";
import { makePlace, writeConfig } from "../support/place.ts";
import { makeTrapFolder } from "./support/trap-folder.ts";

setDefaultTimeout(60_000);

describe("check-config", () => {
  test("says that a configuration is good, and where it would listen", async () => {
    const { folder, address, config } = makePlace();
    const checked = await runBerth(["check-config", writeConfig(folder, config)]);
    expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
    expect(checked.stdout).toContain(address);
  });

  test("names everything that is wrong on standard error", async () => {
    const { folder, config } = makePlace();
    const file = writeConfig(folder, { ...config, storage: { s3: { bucket: "b" } }, http: { addr: "nowhere" } });
    const checked = await runBerth(["check-config", file]);
    expect(checked).toMatchObject({ exitCode: 78, stdout: "" });
    expect(checked.stderr).toMatch(/^error: storage\.s3 .*storage\.filesystem/m);
    expect(checked.stderr).toMatch(/^error: http\.addr .*"nowhere"/m);
  });

  test("warns of what has no effect, and still says that it is good", async () => {
    const { folder, config } = makePlace();
    const file = writeConfig(folder, { ...config, redis: { addr: "127.0.0.1:6379" } });
    const checked = await runBerth(["check-config", file], { env: { REGISTRY_HTTP_ADRR: "x" } });
    expect(checked.exitCode).toBe(0);
    expect(checked.stderr).toMatch(/^warning: redis /m);
    expect(checked.stderr).toMatch(/^warning: REGISTRY_HTTP_ADRR.*did you mean REGISTRY_HTTP_ADDR\?/m);
  });

  const secret = (number: number) => `hush-${number}`;

  test("prints what is in force, as a file that is good, without secrets", async () => {
    const { folder, config } = makePlace();
    const tls = {
      acme: {
        hosts: ["registry.example"],
        termsagreed: true,
        directoryurl: `https://user:${secret(1)}@acme.example/directory`,
        eab: { keyid: "key-1", hmackey: secret(2) },
      },
    };
    const health = { http: [{ uri: "https://health.example/", headers: { Authorization: [secret(3)] } }] };
    const http = { ...config.http, secret: secret(4), tls };
    const file = writeConfig(folder, { ...config, http, health, redis: { password: secret(5) } });
    const printed = await runBerth(["check-config", "--print", file], { env: { REGISTRY_LOG_LEVEL: "debug" } });
    expect(printed.exitCode).toBe(0);
    expect(printed.output).not.toContain("hush");
    expect(printed.stdout).toContain("key-1");
    expect(printed.stdout).toContain("level: debug");
    expect(printed.stdout).toContain("draintimeout: 5s");
    await Bun.write(
      file,
      printed.stdout.replaceAll("https://***@", "https://").replace('headers: "***"', "headers: {}"),
    );
    expect(await runBerth(["check-config", "--print", file])).toMatchObject({
      exitCode: 0,
      stdout: expect.any(String),
    });
  });

  test("repeats no password of a value that is wrong", async () => {
    const { folder, config } = makePlace();
    const health = {
      http: [{ uri: `https//user:${secret(1)}@health.example/`, headers: { Authorization: secret(2) } }],
    };
    const checked = await runBerth(["check-config", writeConfig(folder, { ...config, health })], {
      env: { REGISTRY_PROXY_PASSWORD: secret(3), REGISTRY_STORAGE_S3_SECRETKEY: secret(4) },
    });
    expect(checked.exitCode).toBe(78);
    expect(checked.stderr).toContain("health.http[0].uri");
    expect(checked.output).not.toContain("hush");
  });
});

describe("the command line", () => {
  test.each([[["version"]], [["--version"]], [["-v"]]])("%j prints the version", async (args) => {
    const { version } = (await Bun.file(join(import.meta.dir, "../../package.json")).json()) as { version: string };
    expect(await runBerth(args)).toMatchObject({ exitCode: 0, stdout: `berth ${version}\n`, stderr: "" });
  });

  test.each([
    [["--help"], ["serve", "check-config", "import", "scrub", "version"]],
    [
      ["serve", "--help"],
      ["[config.yml]", "REGISTRY_CONFIGURATION_PATH"],
    ],
    [
      ["check-config", "--help"],
      ["[config.yml]", "--print"],
    ],
    [["import", "--help"], ["registry-v2"]],
    [
      ["import", "registry-v2", "--help"],
      ["<directory>", "--dry-run", "--database"],
    ],
    [
      ["scrub", "--help"],
      ["[config.yml]", "--rate", "--restart", "--repair-index", "--json"],
    ],
    [["version", "--help"], ["print the version"]],
  ])("%j explains itself", async (args, words) => {
    const help = await runBerth(args);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toStartWith("Usage: berth");
    for (const word of words) expect(help.stdout).toContain(word);
  });

  test.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["serve", "a.yml", "b.yml"], "too many arguments"],
    [["check-config", "--frobnicate"], "unknown option '--frobnicate'"],
    [["scrub", "--rate", "fast"], '"fast" is not a size'],
    [["import", "registry-v2"], "missing required argument 'directory'"],
    [[], "Usage: berth"],
  ])("%j is wrong usage", async (args, words) => {
    const refused = await runBerth(args);
    expect(refused).toMatchObject({ exitCode: 64, stdout: "" });
    expect(refused.stderr).toContain(words);
  });

  test("works through a link, as in /usr/local/bin", async () => {
    const link = join(makeTemporaryFolder("bin"), "berth");
    await mustRun(argv`ln -s ${berthExecutable} ${link}`);
    expect(await runBerth(["version"], { executable: link, cwd: "/" })).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("takes nothing from the folder that it is started in", async () => {
    const checked = await runBerth(["check-config"], { cwd: await makeTrapFolder() });
    expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
    expect(checked.stdout).toStartWith("The configuration is good");
  });
});
