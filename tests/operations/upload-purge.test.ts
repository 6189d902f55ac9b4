import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { errorCodes, HttpClient } from "../support/http-client.ts";
import { startUpload } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Purging {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
  /** Where unfinished bytes lie. */
  readonly folder: string;
}

async function startPurging(uploadpurging: object, dataDirectory = makeTemporaryFolder("data")): Promise<Purging> {
  const berth = await startBerth({ dataDirectory, config: { storage: { maintenance: { uploadpurging } } } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url), folder: join(dataDirectory, "berth/uploads") };
}

/** Starts an upload, sends a few bytes and leaves. */
async function leaveUpload(http: HttpClient): Promise<{ path: string; id: string }> {
  const path = new URL(await startUpload(http, "app")).pathname;
  expect((await http.patch(path, { body: "a few bytes" })).status).toBe(202);
  return { path, id: path.split("/").at(-1) ?? "" };
}

async function statusOf(http: HttpClient, path: string): Promise<number> {
  return (await http.get(path)).status;
}

function countLogged({ berth }: Purging, text: string): number {
  return berth.logs().split(text).length - 1;
}

/** Two more runs, so that one of them began after now. */
async function untilRanTwice(purging: Purging): Promise<void> {
  const message = 'msg="looked for stale uploads"';
  const before = countLogged(purging, message);
  await until("two more runs", () => countLogged(purging, message) >= before + 2);
}

describe("with age and interval of the configuration", () => {
  test("a stale upload is gone with its file, while one that goes on stays", async () => {
    const purging = await startPurging({ enabled: true, age: "1s", interval: "100ms" });
    const { http, folder } = purging;
    const stale = await leaveUpload(http);
    const active = await leaveUpload(http);
    expect(readdirSync(folder).sort()).toEqual([stale.id, active.id].sort());
    await until("the stale one is gone", async () => {
      expect((await http.patch(active.path, { body: "x" })).status).toBe(202);
      return (await statusOf(http, stale.path)) === 404;
    });
    const gone = await http.patch(stale.path, { body: "more" });
    expect([gone.status, errorCodes(gone)]).toEqual([404, ["BLOB_UPLOAD_UNKNOWN"]]);
    await until("its file is gone too", () => !existsSync(join(folder, stale.id)));
    expect(await statusOf(http, active.path)).toBe(204);
    expect(existsSync(join(folder, active.id))).toBe(true);
    const removed = `msg="removed stale upload" upload=${stale.id} repository=app `;
    await until("the log says so", () => countLogged(purging, removed) === 1);
    await until("the other one is gone when it is left too", async () => (await statusOf(http, active.path)) === 404);
  });

  test("one whose request still waits for bytes stays, however long that takes", async () => {
    const purging = await startPurging({ enabled: true, age: "200ms", interval: "50ms" });
    const { http } = purging;
    const busy = await leaveUpload(http);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const sent = http.patch(busy.path, { body: readable });
    await writer.write(new TextEncoder().encode("first"));
    const stale = await leaveUpload(http);
    await until("the stale one is gone", async () => (await statusOf(http, stale.path)) === 404);
    await untilRanTwice(purging);
    expect(await statusOf(http, busy.path)).toBe(204);
    expect(countLogged(purging, "busy=1")).toBeGreaterThan(0);
    await writer.write(new TextEncoder().encode("second"));
    await writer.close();
    const answer = await sent;
    expect([answer.status, answer.headers.get("range")]).toEqual([202, "0-21"]);
  });

  test("bytes of no upload, which a crash leaves, go too when they are old", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    const first = await startPurging({ enabled: false }, dataDirectory);
    await leaveUpload(first.http);
    await first.berth.stop();
    const [old, young] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
    for (const name of [old, young]) writeFileSync(join(first.folder, name), "left behind");
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(first.folder, old), longAgo, longAgo);
    const { folder } = await startPurging({ enabled: true, age: "30m", interval: "50ms" }, dataDirectory);
    await until("the old one is gone", () => !existsSync(join(folder, old)));
    expect(existsSync(join(folder, young))).toBe(true);
  });

  test("an upload of before a restart is found stale after it", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    const first = await startPurging({ enabled: false }, dataDirectory);
    const { path, id } = await leaveUpload(first.http);
    await first.berth.stop();
    const { http, folder } = await startPurging({ enabled: true, age: "100ms", interval: "50ms" }, dataDirectory);
    await until("it is gone", async () => (await statusOf(http, path)) === 404);
    await until("its file is gone", () => !existsSync(join(folder, id)));
  });
});

describe("nothing is removed", () => {
  test("by a dry run, which says what it would remove", async () => {
    const purging = await startPurging({ enabled: true, age: "100ms", interval: "50ms", dryrun: true });
    const { http, folder } = purging;
    const { path, id } = await leaveUpload(http);
    const would = `msg="would remove stale upload" upload=${id} `;
    await until("it says so", () => countLogged(purging, would) > 0);
    await untilRanTwice(purging);
    expect(await statusOf(http, path)).toBe(204);
    expect(existsSync(join(folder, id))).toBe(true);
    expect(countLogged(purging, 'msg="removed stale upload"')).toBe(0);
    expect((await http.patch(path, { body: "goes on" })).status).toBe(202);
  });

  test("when it is switched off", async () => {
    const purging = await startPurging({ enabled: false, age: "1ms", interval: "10ms" });
    const { path } = await leaveUpload(purging.http);
    await Bun.sleep(300);
    expect(await statusOf(purging.http, path)).toBe(204);
    expect(countLogged(purging, "stale upload")).toBe(0);
  });
});
