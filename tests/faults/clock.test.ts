import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { octetStream, pushBlob, pushImage, startUpload, withQuery } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { labelledContent } from "./support/random-content.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry | undefined;
afterEach(() => berth?.stop());

const minutes = 60;
const age = "90m";

/** A registry whose time of day is set by the test; its timers go on as they do. */
class ShiftedRegistry {
  readonly dataDirectory = makeTemporaryFolder("data");
  readonly #offsetFile = join(makeTemporaryFolder("clock"), "offset");
  readonly #library: string;

  constructor(library: string) {
    this.#library = library;
    this.setClock(0);
  }

  setClock(offsetSeconds: number): void {
    writeFileSync(this.#offsetFile, `${offsetSeconds < 0 ? "" : "+"}${offsetSeconds}`);
  }

  async start(): Promise<RunningRegistry> {
    const uploadpurging = { enabled: true, age, interval: "50ms" };
    const env = {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#offsetFile,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const { dataDirectory } = this;
    berth = await startBerth({ dataDirectory, env, config: { storage: { maintenance: { uploadpurging } } } });
    return berth;
  }
}

/** By the time of day that its log's last line has. */
function minutesAway(running: RunningRegistry): number {
  const [, time = ""] = [...running.logs().matchAll(/time="([^"]+)"/g)].at(-1) ?? [];
  return Math.round((Date.parse(time) - Date.now()) / 60_000) + 0;
}

/** Two more runs of the purge, so that one of them began after now. */
async function untilPurgedTwice(running: RunningRegistry): Promise<void> {
  const runs = () => running.logs().split('msg="looked for stale uploads"').length;
  const before = runs();
  await until("two more runs", () => runs() >= before + 2);
}

const faketime = requireProgram("faketime");

faketime.describe("a clock that jumps an hour forward and two back", () => {
  const [library = ""] = [
    ...new Bun.Glob("usr/lib/*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/", absolute: true }),
  ];

  test("loses no upload, neither one at rest nor one under way, also over a restart", async () => {
    const shifted = new ShiftedRegistry(library);
    let running = await shifted.start();
    let http = new HttpClient(running.url);
    const content = labelledContent("slow", 7000);
    const resting = new URL(await startUpload(http, "app")).pathname;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const sent = http.patch(await startUpload(http, "app"), { body: readable, headers: octetStream });
    const send = async (part: number) => {
      const bytes = content.bytes.subarray(part * 1000, (part + 1) * 1000);
      await Promise.all([writer.write(bytes), http.patch(resting, { body: bytes, headers: octetStream })]);
    };
    const seen: number[] = [];
    for (const [part, offset] of [0, 60 * minutes, 0, -60 * minutes, 0, 60 * minutes, 0].entries()) {
      shifted.setClock(offset);
      await untilPurgedTwice(running);
      await send(part);
      await pushImage(http, "app", `at-${part}`);
      seen.push(minutesAway(running));
    }
    await writer.close();
    const location = (await sent).headers.get("location") ?? "";
    shifted.setClock(60 * minutes);
    await running.stop();
    running = await shifted.start();
    http = new HttpClient(running.url);
    await untilPurgedTwice(running);
    for (const path of [resting, new URL(location, http.url).pathname]) {
      const url = withQuery(new URL(path, http.url).href, { digest: content.digest });
      expect((await http.put(url)).status).toBe(201);
    }
    expect((await http.get(`/v2/app/blobs/${content.digest}`)).bytes).toEqual(content.bytes);
    expect((await http.get("/v2/app/tags/list")).json()).toMatchObject({ tags: seen.map((_, part) => `at-${part}`) });
    console.log(`minutes away: ${seen.join(", ")}; both uploads whole, ${seen.length} pushes in between`);
    expect(seen).toEqual([0, 60, 0, -60, 0, 60, 0]);
  });

  test("lets the purge take what is older than its age by that clock, and nothing else", async () => {
    const shifted = new ShiftedRegistry(library);
    const running = await shifted.start();
    const http = new HttpClient(running.url);
    const old = new URL(await startUpload(http, "app")).pathname;
    shifted.setClock(60 * minutes);
    const young = new URL(await startUpload(http, "app")).pathname;
    shifted.setClock(100 * minutes);
    await until("the old one is gone", async () => (await http.get(old)).status === 404);
    await untilPurgedTwice(running);
    expect((await http.get(young)).status).toBe(204);
    await pushBlob(http, "app", labelledContent("after", 1000));
  });
});
