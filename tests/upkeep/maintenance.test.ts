import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { MetricsText } from "../operations/support/metrics-text.ts";
import { argv } from "../support/argv.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { makeImage } from "../support/image.ts";
import { contentOf } from "../support/oci-content.ts";
import { octetStream, pushImage, startUpload, withQuery } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const skopeo = requireProgram("skopeo");
const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

/** Each request of the client comes on a connection of its own, so that several processes share the work. */
async function start(config: Readonly<Record<string, unknown>> = {}) {
  const berth = await startBerth({ config });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url, { connection: "close" }) };
}

/** Runs `berth maintenance …` on the database, beside the registry. */
async function maintenance({ configFile }: RunningRegistry, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBerth(["maintenance", ...args, "--local", configFile]);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
  return stdout;
}

skopeo.describe("maintenance, to a real client", () => {
  test("lets a client pull, and tells it why it may not push", async () => {
    const { berth } = await start();
    const image = await makeImage({ layerBytes: [20_000], seed: "maintenance" });
    const push = (tag: string) =>
      runProgram(
        argv`${skopeo.path} copy --quiet --dest-tls-verify=false ${image.source} docker://${berth.host}/app:${tag}`,
      );
    const pull = (tag: string) =>
      runProgram(
        argv`${skopeo.path} copy --quiet --src-tls-verify=false docker://${berth.host}/app:${tag} dir:${makeTemporaryFolder("pulled")}`,
      );
    expect((await push("1")).exitCode).toBe(0);
    expect(await maintenance(berth, "on", "--reason", "moving to new disks", "--for", "2h")).toMatch(
      /^The registry serves pulls only until 20\S+Z\.\n$/,
    );
    expect(await maintenance(berth, "status")).toMatch(/^reason +moving to new disks$/m);
    const refused = await push("2");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("moving to new disks");
    expect(await pull("1")).toMatchObject({ exitCode: 0 });
    expect(await maintenance(berth, "off")).toBe("The registry takes changes.\n");
    expect((await push("2")).exitCode).toBe(0);
    expect((await pull("2")).exitCode).toBe(0);
  });
});

describe("maintenance", () => {
  test("holds for every process, and an upload goes on afterwards where it was", async () => {
    const debugPort = takeFreePort();
    const debug = { addr: `127.0.0.1:${debugPort}`, prometheus: { enabled: true } };
    const { berth, http } = await start({ http: { processes: 2, debug } });
    await until("all processes serve", () => berth.logs().includes("several processes serve"));
    const { manifest } = await pushImage(http, "app", "1");
    const url = await startUpload(http, "app");
    const blob = contentOf("in two parts");
    const half = { body: blob.bytes.subarray(0, 6), headers: octetStream };
    expect((await http.patch(url, half)).status).toBe(202);

    await maintenance(berth, "on", "--reason", "new disks");
    const body = { body: manifest.bytes, headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" } };
    // Each of them goes to whatever process takes its connection.
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => http.put(`/v2/app/manifests/t${i}`, body)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 405));
    expect(answers[0]?.headers.get("allow")).toBe("GET, HEAD");
    const rest = withQuery(url, { digest: blob.digest });
    expect((await http.put(rest, { body: blob.bytes.subarray(6), headers: octetStream })).status).toBe(405);
    expect((await http.ask("OPTIONS", "/v2/app/manifests/1")).headers.get("allow")).toBe("GET, HEAD");
    expect((await http.get("/v2/app/manifests/1")).status).toBe(200);

    const debugged = new HttpClient(`http://127.0.0.1:${debugPort}`, { connection: "close" });
    expect((await debugged.get("/readyz")).json()).toEqual({
      status: "ok",
      notice: expect.stringContaining("maintenance (new disks)"),
    });
    const readOnly = async () => new MetricsText((await debugged.get("/metrics")).text).find("berth_read_only");
    expect(await readOnly()).toBe(1);

    await maintenance(berth, "off");
    expect((await http.put(rest, { body: blob.bytes.subarray(6), headers: octetStream })).status).toBe(201);
    expect((await http.get(`/v2/app/blobs/${blob.digest}`)).text).toBe("in two parts");
    expect(await readOnly()).toBe(0);
  });

  test("keeps clean-up and retention from removing anything, by whatever way", async () => {
    const { berth, http } = await start({
      storage: { delete: { enabled: true }, maintenance: { bin: { keep: "0s" }, gc: { window: "0s" } } },
    });
    await pushImage(http, "app", "1");
    expect((await http.delete("/v2/app/manifests/1")).status).toBe(202);
    await maintenance(berth, "on");
    for (const command of ["gc", "retention run"]) {
      const { exitCode, stderr } = await runBerth([...command.split(" "), berth.configFile]);
      expect([command, exitCode === 0, stderr]).toEqual([command, false, expect.stringContaining("for maintenance")]);
    }
    expect((await runBerth(["gc", "--dry-run", berth.configFile])).exitCode).toBe(0);
    const asked = await runBerth(["job", "run", "gc", "--local", berth.configFile]);
    expect(asked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("for maintenance") });
    await maintenance(berth, "off");
    const done = await runBerth(["job", "run", "gc", "--wait", "--local", berth.configFile]);
    expect(done.exitCode).toBe(0);
  });
});
