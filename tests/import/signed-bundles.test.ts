import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireLaterClient, requireProgram } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(120_000);
const openssl = requireProgram("openssl");
const cosign = requireLaterClient("cosign");
const PASSPHRASE = "an open secret";
const [BUNDLE, PUBLIC] = ["bundle", "bundle.pub"];

let berth: RunningRegistry;
let other: RunningRegistry;
beforeAll(async () => {
  [berth, other] = await Promise.all([startBerth(), startBerth()]);
  await pushImage(new HttpClient(berth.url), "team/app", "1.0");
});
afterAll(() => Promise.all([berth.stop(), other.stop()]));

/** With bundles and keys, anew for each test. */
let folder: string;
beforeEach(() => void (folder = makeTemporaryFolder("signed")));
const at = (name: string) => join(folder, name);

const take = (out: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  runBerth(["export", "bundle", "team/**", "--out", at(out), "--config", berth.configFile, ...words], { env });
const bring = (out: string, ...keys: readonly string[]) =>
  runBerth(["import", "bundle", at(out), other.configFile, ...keys.flatMap((key) => ["--verify-key", at(key)])]);
const repositories = async () =>
  ((await new HttpClient(other.url).get("/v2/_catalog")).json() as { readonly repositories: readonly string[] })
    .repositories;

const KINDS = { ec: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ed25519: ["ED25519"] } as const;

/** As the documents say it. */
async function makeKeys(kind: keyof typeof KINDS, name = BUNDLE): Promise<void> {
  const pass = ["-pass", `pass:${PASSPHRASE}`];
  await mustRun([openssl.path, "genpkey", "-algorithm", ...KINDS[kind], "-aes256", ...pass, "-out", at(`${name}.key`)]);
  await mustRun(
    argv`${openssl.path} pkey -in ${at(`${name}.key`)} -passin ${`pass:${PASSPHRASE}`} -pubout -out ${at(`${name}.pub`)}`,
  );
}

async function signed(out: string = BUNDLE): Promise<void> {
  const taken = await take(out, ["--sign", at("bundle.key")], { BERTH_SIGN_PASSPHRASE: PASSPHRASE });
  expect(taken).toMatchObject({ exitCode: 0, stderr: "" });
  expect(taken.stdout).toContain("Signed it: SHA256SUMS.sig.");
}

async function expectRefused(reason: string | RegExp, ...keys: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await bring(BUNDLE, ...keys);
  expect(exitCode).toBe(65);
  expect(stderr).toMatch(reason);
  expect(await repositories()).toEqual([]);
}

openssl.describe("a signed bundle", () => {
  describe("is refused, and nothing of it is stored,", () => {
    beforeEach(() => makeKeys("ec"));

    test("where nobody has signed it, also where somebody had", async () => {
      await signed();
      await take(BUNDLE);
      await expectRefused("it is not signed: it has no file SHA256SUMS.sig", PUBLIC);
    });

    test("where another key has", async () => {
      await signed();
      await Promise.all([makeKeys("ec", "another"), makeKeys("ed25519", "third")]);
      await expectRefused(
        /the signature in SHA256SUMS.sig is not that of SHA256SUMS by .*another\.pub, .*third\.pub/,
        "another.pub",
        "third.pub",
      );
    });

    test.each([
      ["the signature is cut", () => truncateSync(at("bundle/SHA256SUMS.sig"), 20), "is not that of SHA256SUMS"],
      ["the signature is none", () => writeFileSync(at("bundle/SHA256SUMS.sig"), "-\n"), "is not that of SHA256SUMS"],
      ["the signature is huge", () => writeFileSync(at("bundle/SHA256SUMS.sig"), "A".repeat(5000)), "may have at most"],
      ["a checksum is another", changeSum, "is not that of SHA256SUMS"],
      ["index.json is another", () => writeFileSync(at("bundle/index.json"), "{}"), "index.json is damaged"],
    ] as const)("where %s", async (_, harm, reason) => {
      await signed();
      harm();
      await expectRefused(reason, PUBLIC);
    });

    test("where what is signed is said to be of no bundle", async () => {
      await signed();
      rmSync(at("bundle/SHA256SUMS"));
      await expectRefused("it is no bundle", PUBLIC);
    });
  });

  test("needs a key that can sign, and its passphrase", async () => {
    await makeKeys("ec");
    const sign = ["--sign", at("bundle.key")];
    for (const [env, reason] of [
      [{}, "the key is encrypted, and its passphrase is missing"],
      [{ BERTH_SIGN_PASSPHRASE: "another" }, "the passphrase is not that of the key"],
      [{ BERTH_SIGN_PASSPHRASE_FILE: at("none") }, "cannot be read"],
    ] as const) {
      const { exitCode, stderr } = await take(BUNDLE, sign, env);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain(reason);
    }
    await mustRun(argv`${openssl.path} genpkey -algorithm RSA -out ${at("rsa.key")}`);
    writeFileSync(at("none.key"), "what?");
    for (const [key, reason] of [
      ["rsa.key", "neither one on the curve P-256 nor one of Ed25519"],
      ["none.key", "no private key in PEM"],
      ["bundle.pub", "no private key in PEM"],
      ["missing.key", "There is no "],
    ] as const)
      expect((await take(BUNDLE, ["--sign", at(key)])).stderr).toContain(reason);
    for (const [key, reason] of [
      ["bundle.key", "no public key in PEM"],
      ["missing.pub", "There is no "],
    ] as const)
      expect((await bring(BUNDLE, key)).stderr).toContain(reason);
  });

  test.each(["ec", "ed25519"] as const)("with a key of kind %s is what openssl takes for good", async (kind) => {
    await makeKeys(kind);
    await signed();
    await mustRun(["sh", "-c", "base64 -d SHA256SUMS.sig > ../signature"], { cwd: at(BUNDLE) });
    const verify =
      kind === "ec"
        ? argv`${openssl.path} dgst -sha256 -verify ${at(PUBLIC)} -signature ${at("signature")} SHA256SUMS`
        : argv`${openssl.path} pkeyutl -verify -rawin -pubin -inkey ${at(PUBLIC)} -sigfile ${at("signature")} -in SHA256SUMS`;
    await mustRun(verify, { cwd: at(BUNDLE) });
    await mustRun(argv`sha256sum --check --strict --quiet SHA256SUMS`, { cwd: at(BUNDLE) });
    changeSum();
    expect((await runProgram(verify, { cwd: at(BUNDLE) })).exitCode).not.toBe(0);
  });

  cosign.describe("and cosign", () => {
    test("takes each other's signature for good", async () => {
      await makeKeys("ec");
      await signed();
      const file = at("bundle/SHA256SUMS");
      const verify = argv`${cosign.path} verify-blob --key ${at(PUBLIC)} --signature ${file}.sig --insecure-ignore-tlog ${file}`;
      await mustRun(verify);
      const env = { COSIGN_PASSWORD: PASSPHRASE };
      await mustRun(argv`${cosign.path} generate-key-pair`, { cwd: folder, env });
      await mustRun(
        argv`${cosign.path} sign-blob --yes --key ${at("cosign.key")} --use-signing-config=false --tlog-upload=false
          --new-bundle-format=false --output-signature ${file}.sig ${file}`,
        { env },
      );
      expect((await runProgram(verify)).exitCode).not.toBe(0);
      expect(await bring(BUNDLE, "cosign.pub")).toMatchObject({ exitCode: 0, stderr: "" });
    });
  });

  test.each(["bundle", "bundle.tar"])(
    "as %s comes in for any of the keys, by a passphrase from a file",
    async (name) => {
      await Promise.all([makeKeys("ed25519"), makeKeys("ec", "another")]);
      writeFileSync(at("passphrase"), `${PASSPHRASE}\n`);
      const sign = ["--sign", at("bundle.key")];
      const taken = await take(name, sign, { BERTH_SIGN_PASSPHRASE_FILE: at("passphrase") });
      expect(taken).toMatchObject({ exitCode: 0, stderr: "" });
      const { exitCode, stdout, stderr } = await bring(name, "another.pub", PUBLIC);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain(`It is signed with the key of ${at(PUBLIC)}.`);
      expect(await repositories()).toEqual(["team/app"]);
    },
  );

  test("goes on where it was interrupted, and is signed as it is in the end", async () => {
    await makeKeys("ec");
    await signed();
    cpSync(at(BUNDLE), at("before"), { recursive: true });
    const [blob = ""] = /blobs\/sha256\/[0-9a-f]{64}/.exec(readFileSync(at("bundle/SHA256SUMS"), "utf8")) ?? [];
    rmSync(at(join(BUNDLE, blob)));
    expect((await bring(BUNDLE, PUBLIC)).stderr).toContain(`${blob} is missing`);
    await signed();
    expect(await bring(BUNDLE, PUBLIC)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(at("bundle/SHA256SUMS"), "utf8")).toBe(readFileSync(at("before/SHA256SUMS"), "utf8"));
  });
});

/** Of a file, so that the bundle itself stays in order. */
function changeSum(): void {
  const path = at("bundle/SHA256SUMS");
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [...rest.slice(0, -1), first, ""].join("\n"));
}
