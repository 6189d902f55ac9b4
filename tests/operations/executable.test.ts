import { afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { digestOf } from "../../src/oci/index.ts";
import { argv } from "../support/argv.ts";
import { takeFreePort } from "../support/free-port.ts";
import { errorCodes, HttpClient } from "../support/http-client.ts";
import { randomChunks } from "../support/layer.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import { requireRoot } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { isAnswering, runBerth, type ServeProcess, startServe } from "../support/berth-command.ts";
import { makeTrapFolder } from "./support/trap-folder.ts";
import { TraceCollector } from "./support/trace-collector.ts";

setDefaultTimeout(120_000);

const checkout = join(import.meta.dir, "../..");
let executable = "";
beforeAll(async () => {
  const built = join(makeTemporaryFolder("build"), "built");
  await mustRun(argv`${checkout}/bin/bun scripts/build-executable.ts --outfile=${built}`, { cwd: checkout });
  // Alone in a folder of its own, under the name that it is installed with.
  executable = join(makeTemporaryFolder("bin"), "berth");
  copyFileSync(built, executable);
}, 120_000);

const running: ServeProcess[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Alone {
  readonly berth: ServeProcess;
  readonly http: HttpClient;
  readonly folder: string;
}

/** Starts the executable in an empty folder. */
async function startAlone(
  env: Readonly<Record<string, string>> = {},
  launcher: readonly string[] = [],
): Promise<Alone> {
  const folder = makeTemporaryFolder("empty");
  const address = `127.0.0.1:${takeFreePort()}`;
  const berth = await startServe({
    executable,
    launcher,
    cwd: folder,
    env: { REGISTRY_HTTP_ADDR: address, REGISTRY_STORAGE_DELETE_ENABLED: "true", ...env },
    isReady: () => isAnswering(`http://${address}/livez`),
  });
  running.push(berth);
  return { berth, http: new HttpClient(`http://${address}`), folder };
}

/** A push and a pull of what one thread hashes at once, and of what the worker hashes beside. */
async function expectServes(http: HttpClient): Promise<void> {
  const { manifest } = await pushImage(http, "app", "small");
  expect((await http.get("/v2/app/manifests/small")).bytes).toEqual(manifest.bytes);
  const bytes = new Uint8Array(Buffer.concat([...randomChunks("executable", 5_000_000)]));
  const large = await pushBlob(http, "app", { bytes, digest: digestOf(bytes) });
  const pulled = await http.get(`/v2/app/blobs/${large.digest}`);
  expect(digestOf(pulled.bytes)).toBe(large.digest);
  const wrong = contentOf("another").digest;
  const refused = await http.post(`/v2/app/blobs/uploads/?digest=${wrong}`, { body: bytes });
  expect([refused.status, errorCodes(refused)]).toEqual([400, ["DIGEST_INVALID"]]);
}

test("is one file, and serves from an empty folder, into which it puts only its data", async () => {
  const { berth, http, folder } = await startAlone();
  await expectServes(http);
  expect(readdirSync(folder)).toEqual(["data"]);
  expect(statSync(executable).mode & 0o111).not.toBe(0);
  expect(await berth.stderr()).toContain(`Data: ${folder}/data`);
  await berth.stop();
  expect(await berth.exited).toBe(0);
});

requireRoot().describe("with the checkout out of sight", () => {
  test("it serves all the same", async () => {
    const hidden = `mount -t tmpfs none ${checkout} && exec "$@"`;
    const { http } = await startAlone({}, ["unshare", "--mount", "sh", "-c", hidden, "sh"]);
    await expectServes(http);
  });
});

test("holds what is loaded only when it is asked for: traces", async () => {
  const collector = new TraceCollector();
  const { berth, http } = await startAlone({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  await http.get("/v2/");
  await berth.stop();
  await collector.stop();
  expect(collector.spans.map(({ name }) => name)).toContain("GET /v2/");
});

test("gets variables whose names no shell takes, as registry:2's for a header", async () => {
  const { http } = await startAlone({ "REGISTRY_HTTP_HEADERS_X-Robots-Tag": "[noindex, nofollow]" });
  expect((await http.get("/v2/")).headers.get("x-robots-tag")).toBe("noindex, nofollow");
});

test("has the commands of the checkout", async () => {
  const { version } = (await Bun.file(join(checkout, "package.json")).json()) as { version: string };
  const cwd = makeTemporaryFolder("empty");
  expect(await runBerth(["version"], { executable, cwd })).toMatchObject({ exitCode: 0, stdout: `berth ${version}\n` });
  const checked = await runBerth(["check-config", "--print"], { executable, cwd });
  expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
  mkdirSync(join(cwd, "docker/registry/v2/repositories"), { recursive: true });
  expect((await runBerth(["import", "registry-v2", "absent"], { executable, cwd })).exitCode).toBe(66);
});

test("takes nothing from the folder that it is started in", async () => {
  const cwd = await makeTrapFolder();
  const checked = await runBerth(["check-config"], { executable, cwd });
  expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
  expect(checked.stdout).toStartWith("The configuration is good");
});

test("calls itself by the name that it is installed with", async () => {
  const root = makeTemporaryFolder("registry-v2");
  const below = join(root, "docker/registry/v2");
  mkdirSync(join(below, "repositories"), { recursive: true });
  const { stderr } = await runBerth(["import", "registry-v2", below], { executable });
  expect(stderr).toEndWith(`: berth import registry-v2 ${root}\n`);
});
