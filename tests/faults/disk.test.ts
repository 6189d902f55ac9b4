import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";

import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { MetricsText } from "../operations/support/metrics-text.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import type { RegistryConfig, RunningRegistry } from "../support/registry-process.ts";
import { requireRoot } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { checkData, describeData } from "./support/data-directory.ts";
import { cutPower, DiskImage, type Mounted, mountMemory } from "./support/file-systems.ts";
import { settlePaths } from "./support/read-values.ts";
import { makeSite, pullAll, type Site, workAsUsual, workThroughRefusals } from "./support/site.ts";
import { describeCounts, sumOf, Traffic } from "./support/traffic.ts";
import { withLog } from "./support/with-log.ts";

setDefaultTimeout(90_000);

let running: RunningRegistry | undefined;
const mounts: Mounted[] = [];
afterEach(async () => {
  await running?.stop();
  for (const mounted of mounts.splice(0)) await mounted.unmount();
});

type RunningSite = Site & { readonly berth: RunningRegistry };

async function startOn(folder: string, about: string, more: RegistryConfig = {}): Promise<RunningSite> {
  const log = { accesslog: { disabled: true } };
  running = await startBerth({ dataDirectory: join(folder, "data"), config: { log, ...more } });
  return makeSite(running, about);
}

/** Stops it, and looks at what it leaves. */
async function finish({ ledger, berth }: RunningSite): Promise<void> {
  await berth.stop();
  const again = await startBerth({ dataDirectory: berth.dataDirectory });
  running = again;
  await settlePaths(ledger, again.url, ledger.paths());
  await again.stop();
  console.log(describeData(await checkData(berth.dataDirectory)));
}

requireRoot().describe("a disk", () => {
  test.each([
    ["full", "size=20m", "size=2g"],
    ["out of inodes", "size=2g,nr_inodes=120", "nr_inodes=0"],
  ])(
    "that is %s refuses pushes, gives what it has, and takes pushes again when there is room",
    async (about, small, large) => {
      const mounted = await mountMemory(small);
      mounts.push(mounted);
      const site = await startOn(mounted.folder, about);
      console.log(`${await workThroughRefusals(site, 150)}; meanwhile ${await pullAll(site)}`);
      await mounted.remount(large);
      await workAsUsual(site, 200);
      await finish(site);
    },
  );

  test("that is full gives tokens for pulls to who may sign in, and says what is wrong", async () => {
    const mounted = await mountMemory("size=24m");
    mounts.push(mounted);
    const debugAddress = `127.0.0.1:${takeFreePort()}`;
    const http = { debug: { addr: debugAddress, prometheus: { enabled: true } } };
    const dataDirectory = join(mounted.folder, "data");
    const berth = await startBerth({ dataDirectory, config: { auth: { accounts: {} }, http } });
    running = berth;
    const [, given = ""] = /made with the password (\w{20});/.exec(berth.logs()) ?? [];
    const ownPassword = "correct horse battery";
    const changed = await new HttpClient(berth.url, loginOf(given)).put("/api/v1/me/password", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ oldPassword: given, newPassword: ownPassword }),
    });
    expect(changed.status).toBe(204);
    /** As a client that begins: it takes a token, and has a refresh token made if there can be one. */
    const signIn = async (actions: string) => {
      const challenge = (await new HttpClient(berth.url).get("/v2/")).headers.get("www-authenticate") ?? "";
      const [, realm = "", service = ""] = /realm="([^"]+)",service="([^"]+)"/.exec(challenge) ?? [];
      const query = new URLSearchParams({ service, scope: `repository:app:${actions}`, offline_token: "true" });
      const answer = await fetch(`${realm}?${query.toString()}`, { headers: loginOf(ownPassword) });
      expect(answer.status).toBe(200);
      const { token } = (await answer.json()) as { token: string };
      return new HttpClient(berth.url, { authorization: `Bearer ${token}` });
    };
    await pushImage(await signIn("pull,push"), "app", "1");

    const ballast = openSync(join(mounted.folder, "ballast"), "w");
    expect(() => {
      for (;;) writeSync(ballast, new Uint8Array(4096));
    }).toThrow("ENOSPC");
    closeSync(ballast);
    const client = await signIn("pull,push");
    expect((await client.get("/v2/app/manifests/1")).status).toBe(200);
    expect((await client.post("/v2/app/blobs/uploads/")).status).toBe(507);
    const unrecorded = /level=error msg="an act could not be put into the audit trail.* act=token\.issue/;
    await until("the log tells of the act", () => unrecorded.test(berth.logs()));
    const debug = new HttpClient(`http://${debugAddress}`);
    const told = await debug.get("/readyz");
    expect([told.status, told.json()]).toEqual([
      200,
      { status: "degraded", faults: expect.objectContaining({ database: expect.stringContaining("no space left") }) },
    ]);
    const metrics = new MetricsText((await debug.get("/metrics")).text);
    expect(metrics.find("berth_database_failures_total", { reason: "full" })).toBeGreaterThan(0);
    expect(metrics.find("berth_check_ok", { check: "database" })).toBe(0);
    expect(metrics.find("berth_storage_free_bytes")).toBeLessThan(4096 * 4);

    await mounted.remount("size=48m");
    await pushImage(await signIn("pull,push"), "app", "2");
  });

  test("that is full, with a journal and delayed writes, does the same", async () => {
    const mounted = await (await DiskImage.make(64, "delalloc")).mount();
    mounts.push(mounted);
    const ballast = join(mounted.folder, "ballast");
    writeFileSync(ballast, new Uint8Array(36 * 2 ** 20));
    const site = await startOn(mounted.folder, "full ext4");
    console.log(`${await workThroughRefusals(site, 150)}; meanwhile ${await pullAll(site)}`);
    rmSync(ballast);
    await workAsUsual(site, 40);
    await finish(site);
  });

  test("that is read-only from the start, but for the database's, is enough for a registry that is to be so", async () => {
    const mounted = await mountMemory("size=64m");
    mounts.push(mounted);
    const database = { path: join(makeTemporaryFolder("database"), "berth.db") };
    const before = await startOn(mounted.folder, "before", { database });
    const { manifest } = await pushImage(new HttpClient(before.berth.url), "app", "v1");
    await before.berth.stop();
    await mounted.remount("ro");
    const storage = { maintenance: { readonly: { enabled: true } } };
    const { berth } = await startOn(mounted.folder, "read-only from the start", { database, storage });
    const answer = await new HttpClient(berth.url).get("/v2/app/manifests/v1");
    expect(answer.headers.get("docker-content-digest")).toBe(manifest.digest);
  });

  test("that is mounted read-only, but for the database's, refuses blobs until it is writable again", async () => {
    const mounted = await mountMemory("size=1g");
    mounts.push(mounted);
    const database = { path: join(makeTemporaryFolder("database"), "berth.db") };
    const site = await startOn(mounted.folder, "read-only", { database });
    await workAsUsual(site, 100);
    await mounted.remount("ro");
    console.log(`${await workThroughRefusals(site, 150)}; meanwhile ${await pullAll(site)}`);
    await mounted.remount("rw");
    await workAsUsual(site, 100);
    await pullAll(site);
  });

  test("that the kernel made read-only after an error refuses all that writes, and pulls go on", async () => {
    const disk = await DiskImage.make(256, "errors=remount-ro");
    const mounted = await disk.mount();
    mounts.push(mounted);
    const site = await startOn(mounted.folder, "made read-only");
    await workAsUsual(site, 100);
    await makeReadOnly(mounted.folder);
    console.log(`${await workThroughRefusals(site, 150)}; meanwhile ${await pullAll(site)}`);
    const logged = site.berth.logs().length;
    await site.berth.stop();
    // Not everything could be saved, which is a line and no dump.
    expect(await site.berth.exited).toBe(74);
    expect(site.berth.logs().slice(logged)).toMatch(/level=error msg="not everything could be closed" .*durable/);
    expect(site.berth.logs()).not.toMatch(/^\s+at /m);
    await mounts.pop()?.unmount();
    const again = await disk.mount();
    mounts.push(again);
    running = await startBerth({ dataDirectory: join(again.folder, "data") });
    await settlePaths(site.ledger, running.url, site.ledger.paths());
  });

  test("that fails at every access is answered for with 503, and nothing crashes", async () => {
    const disk = await DiskImage.make(256, "commit=300");
    const mounted = await disk.mount();
    mounts.push(mounted);
    const site = await startOn(mounted.folder, "failing");
    await workAsUsual(site, 100);
    const traffic = new Traffic(site.berth.url, {
      onSend: () => void (sumOf(traffic.refused) >= 150 && traffic.end()),
    });
    traffic.allowRefusals({ ofPulls: true });
    const working = Promise.all(site.clients.map((client) => client.work(traffic)));
    await Bun.sleep(100);
    cutPower(mounted.folder);
    await withLog(site.berth, () => working);
    console.log(`answered: ${describeCounts(traffic.answered)}; refused: ${describeCounts(traffic.refused)}`);
    expect((await new HttpClient(site.berth.url).get("/livez")).status).toBe(200);
  });
});

function loginOf(password: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`admin:${password}`)}` };
}

/** As ext4 does it by itself when it finds that something is wrong. */
async function makeReadOnly(folder: string): Promise<void> {
  const { stdout } = await mustRun(argv`findmnt --noheadings --output SOURCE ${folder}`);
  writeFileSync(`/sys/fs/ext4/${basename(stdout.trim())}/trigger_fs_error`, "1");
  expect(readFileSync("/proc/self/mounts", "utf8")).toMatch(new RegExp(`${folder} ext4 \\S*emergency_ro`));
}
