import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { type Content, contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { until } from "../support/until.ts";
import { MetricsText } from "../operations/support/metrics-text.ts";

setDefaultTimeout(150_000);

const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Started {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function start(gc: object = { enabled: false }): Promise<Started> {
  const storage = { delete: { enabled: true }, maintenance: { gc, bin: { keep: "0s" } } };
  const berth = await startBerth({
    config: { audit: { enabled: true }, http: { metrics: { enabled: true } }, storage },
  });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

const hasFile = ({ berth }: Started, { digest }: Content) => {
  const hex = digest.slice("sha256:".length);
  return existsSync(join(berth.dataDirectory, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"));
};
const gc = ({ berth }: Started, ...args: string[]) => runBerth(["gc", berth.configFile, ...args]);
const explain = async ({ berth }: Started, digest: string) =>
  (await runBerth(["gc", "explain", digest, berth.configFile])).stdout;

interface DryRun {
  readonly dryRun: boolean;
  readonly removals: readonly object[];
}

describe("berth gc beside a running registry", () => {
  test("says in a dry run what goes, removes it, and keeps the rest", async () => {
    const started = await start();
    const { http } = started;
    const kept = await pushImage(http, "app", "kept");
    const gone = await pushImage(http, "app", "gone");
    const nobodys = contentOf("nobody's");
    await pushBlob(http, "app", nobodys);
    expect((await http.delete(`/v2/app/manifests/${gone.manifest.digest}`)).status).toBe(202);

    const blobs = [kept.config, kept.layer];

    const young = await gc(started, "--json", "--dry-run");
    expect(JSON.parse(young.stdout)).toMatchObject({ candidates: 0, blobs: 0, dryRun: true, removals: [] });
    const dry = await gc(started, "--json", "--dry-run", "--window", "0s");
    const { removals, dryRun, ...would } = JSON.parse(dry.stdout) as DryRun;
    expect({ dryRun, ...would }).toMatchObject({ dryRun: true, manifests: 0, blobs: 2 });
    const { digest, bytes } = nobodys;
    expect(removals).toContainEqual({
      kind: "link",
      repository: "app",
      digest,
      sizeBytes: bytes.byteLength,
      reason: "no manifest of the repository names it",
    });
    const table = (await gc(started, "--dry-run", "--window", "0s")).stdout;
    expect(table).toMatch(new RegExp(`^blob +- +${digest} +8 bytes +no repository has it$`, "m"));
    expect([hasFile(started, nobodys), await explain(started, nobodys.digest)]).toEqual([
      true,
      expect.stringContaining("no manifest names it (to be judged"),
    ]);
    expect(readdirSync(join(started.berth.dataDirectory, "berth")).filter((name) => name.startsWith("dry"))).toEqual(
      [],
    );

    const done = await gc(started, "--json", "--window", "0s");
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.stdout)).toEqual({ ...would, dryRun: false });
    expect([gone.layer, nobodys].map((blob) => hasFile(started, blob))).not.toContain(true);
    expect(blobs.map((blob) => hasFile(started, blob))).not.toContain(false);
    expect((await http.get("/v2/app/manifests/kept")).status).toBe(200);
    for (const { digest } of blobs) expect((await http.get(`/v2/app/blobs/${digest}`)).status).toBe(200);
    expect((await http.get(`/v2/app/blobs/${nobodys.digest}`)).status).toBe(404);
    const [, run] =
      /^blob removed at \S+ by run (\S+): no repository has it$/m.exec(await explain(started, nobodys.digest)) ?? [];
    const acts = await runBerth(["audit", "list", "--act", "gc.run", "--json", "--local", started.berth.configFile]);
    expect(JSON.parse(acts.stdout)).toMatchObject({
      actor: expect.stringMatching(/^local:/),
      outcome: "success",
      detail: { run, windowSeconds: 0, deleteUntagged: false, ...would },
    });
    expect(await explain(started, kept.manifest.digest)).toContain("manifest in app: kept by its tag kept");

    await pushBlob(http, "app", nobodys);
    expect((await http.get(`/v2/app/blobs/${nobodys.digest}`)).status).toBe(200);
  });

  test("has the name and the flags of registry:2, and removes untagged manifests by -m", async () => {
    const started = await start();
    const { http, berth } = started;
    const untagged = await pushImage(http, "app", "1.0");
    expect((await http.delete("/v2/app/manifests/1.0")).status).toBe(202);
    const path = `/v2/app/manifests/${untagged.manifest.digest}`;
    const kept = await runBerth(["garbage-collect", "-q", "--window", "0s", berth.configFile]);
    expect([kept.exitCode, kept.stdout, (await http.get(path)).status]).toEqual([0, "", 200]);
    const removed = await runBerth(["garbage-collect", "-m", "--window", "0s", berth.configFile]);
    expect(removed.stdout).toMatch(/Removed 1 manifest and \d+ blobs \(/);
    expect((await http.get(path)).status).toBe(404);
  });
});

test("serve cleans up by itself, and its metrics say what", async () => {
  const started = await start({ interval: "1s", window: "0s" });
  const { http } = started;
  const nobodys = contentOf("nobody's own");
  await pushBlob(http, "app", nobodys);
  const metric = async (name: string) => new MetricsText((await http.get("/metrics")).text).find(name);
  await until("the blob is removed", async () => (await metric("berth_gc_removed_blobs_total")) === 1, 60_000);
  expect(hasFile(started, nobodys)).toBe(false);
  expect(await metric("berth_gc_freed_bytes_total")).toBe(nobodys.bytes.byteLength);
});

test("a digest that nobody knows, and one that is none, are told apart", async () => {
  const started = await start();
  const unknown = await runBerth(["gc", "explain", contentOf("unknown").digest, started.berth.configFile]);
  expect([unknown.exitCode, unknown.stdout]).toEqual([66, expect.stringContaining("is not here")]);
  const wrong = await runBerth(["gc", "explain", "sha256:abc", started.berth.configFile]);
  expect([wrong.exitCode, wrong.stderr]).toEqual([64, expect.stringContaining("digest")]);
});
