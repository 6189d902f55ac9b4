import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { dial } from "../support/dialled.ts";
import { type Answer, HttpClient } from "../support/http-client.ts";
import { type Content, imageManifest } from "../support/oci-content.ts";
import {
  octetStream,
  pushBlob,
  pushImage,
  pushManifest,
  putManifest,
  startUpload,
  withQuery,
} from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { checkData, describeData } from "./support/data-directory.ts";
import { labelledContent } from "./support/random-content.ts";
import { readValue } from "./support/read-values.ts";
import { count, describeCounts } from "./support/traffic.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry;
let http: HttpClient;
beforeEach(async () => {
  berth = await startBerth({
    dataDirectory: makeTemporaryFolder("data"),
    config: { log: { accesslog: { disabled: true } } },
  });
  http = new HttpClient(berth.url);
});
afterEach(() => berth.stop());

const mebibyte = 2 ** 20;

async function valueOf(path: string): Promise<string | undefined> {
  return readValue(path, await http.get(path));
}

/** Reads a path again and again until the work is done; each value with how often it was found. */
async function watching(path: string, work: () => Promise<unknown>): Promise<Map<string | undefined, number>> {
  const found = new Map<string | undefined, number>();
  const ended = work().then(() => true);
  const isStill = () => Promise.race([ended.then(() => false), Bun.sleep(0).then(() => true)]);
  while (await isStill()) count(found, await valueOf(path));
  return found;
}

function countStatuses(answers: readonly Answer[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { status } of answers) count(counts, status);
  return counts;
}

async function pushInTwoParts(repository: string, { bytes, digest }: Content): Promise<Answer> {
  const url = await startUpload(http, repository);
  const half = bytes.byteLength / 2;
  const first = await http.patch(url, { body: bytes.subarray(0, half), headers: octetStream });
  if (first.status !== 202) return first;
  return http.put(withQuery(url, { digest }), { body: bytes.subarray(half), headers: octetStream });
}

describe("at the same time", () => {
  test("100 clients push one blob: it is there once, whole, for each of them", async () => {
    const content = labelledContent("same", mebibyte);
    const path = `/v2/app/blobs/${content.digest}`;
    const pushes = Array.from({ length: 100 }, (_, number) =>
      pushInTwoParts(number % 2 === 0 ? "app" : "other", content),
    );
    const found = await watching(path, () => Promise.all(pushes));
    const statuses = countStatuses(await Promise.all(pushes));
    expect(found.size).toBeGreaterThan(0);
    for (const value of found.keys()) expect([undefined, content.digest as string]).toContain(value);
    expect(await valueOf(path)).toBe(content.digest);
    expect(await valueOf(`/v2/other/blobs/${content.digest}`)).toBe(content.digest);
    await berth.stop();
    const data = await checkData(berth.dataDirectory);
    console.log(`100 pushes of one blob: ${describeCounts(statuses)}; ${describeData(data)}`);
    expect([...statuses]).toEqual([[201, 100]]);
    expect(data).toEqual({ blobs: 1, manifests: 0, unnamedFiles: 0, sessions: 0, unfinishedFiles: 0 });
  });

  test("50 clients push one tag, 10 times each: one of them wins, and nobody ever reads anything but one of them, whole", async () => {
    const { config, layer } = await pushImage(http, "app");
    const manifests = Array.from({ length: 50 }, (_, number) =>
      imageManifest({ config, layers: [layer], more: { annotations: { number: String(number) } } }),
    );
    const digests = new Set<string | undefined>(manifests.map(({ digest }) => digest));
    const answers: Answer[] = [];
    const pushOften = async (content: Content) => {
      for (let time = 0; time < 10; time++) {
        answers.push(await putManifest(http, { repository: "app", reference: "same", content }));
      }
    };
    const found = await watching("/v2/app/manifests/same", () => Promise.all(manifests.map(pushOften)));
    expect([...countStatuses(answers)]).toEqual([[201, 500]]);
    found.delete(undefined);
    expect(found.size).toBeGreaterThan(0);
    for (const value of found.keys()) expect(digests).toContain(value);
    expect(digests.has(await valueOf("/v2/app/manifests/same"))).toBe(true);
    for (const digest of digests) expect(await valueOf(`/v2/app/manifests/${digest}`)).toBe(digest);
    console.log(`50 clients push one tag 10 times: all 201, ${found.size} different ones seen on the way, one stayed`);
  });

  test("a blob is deleted while 40 pull it: every pull that began ends whole, and the next finds nothing", async () => {
    const content = labelledContent("pulled", 8 * mebibyte);
    await pushBlob(http, "app", content);
    const path = `/v2/app/blobs/${content.digest}`;
    const pulls = await Promise.all(Array.from({ length: 40 }, () => dial({ port: berth.port })));
    for (const pull of pulls) pull.send(`GET ${path} HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`);
    await until("all have begun", () => pulls.every((pull) => pull.receivedBytes() > 0));
    for (const pull of pulls) pull.pause();
    const begun = pulls.filter((pull) => pull.receivedBytes() < content.bytes.byteLength).length;
    expect((await http.delete(path)).status).toBe(202);
    for (const pull of pulls) pull.resume();
    await until("all have ended", () => pulls.every((pull) => pull.receivedBytes() > content.bytes.byteLength));
    for (const pull of pulls) pull.hangUp();
    expect(await valueOf(path)).toBeUndefined();
    const whole = pulls.filter((pull) => pull.received().startsWith("HTTP/1.1 200 ")).length;
    console.log(`a delete during 40 pulls: ${whole} ended whole, ${begun} of them under way at that moment`);
    expect(whole).toBe(40);
    expect(begun).toBeGreaterThan(0);
  });

  test("a blob is mounted while it is deleted: the mount has all of it or nothing, 200 times", async () => {
    const ends = new Map<string, number>();
    for (let round = 0; round < 200; round++) {
      const content = labelledContent(`mounted ${round}`, 1024);
      await pushBlob(http, "source", content);
      const mount = () => http.post(`/v2/target/blobs/uploads/?mount=${content.digest}&from=source`);
      const remove = () => http.delete(`/v2/source/blobs/${content.digest}`);
      const both = round % 2 === 0 ? [mount(), remove()] : [remove(), mount()].reverse();
      const [mounted, removed] = (await Promise.all(both)) as [Answer, Answer];
      expect(removed.status).toBe(202);
      expect(await valueOf(`/v2/source/blobs/${content.digest}`)).toBeUndefined();
      const expected = mounted.status === 201 ? content.digest : undefined;
      expect([mounted.status, await valueOf(`/v2/target/blobs/${content.digest}`)]).toEqual([mounted.status, expected]);
      count(ends, mounted.status === 201 ? "mounted" : "too late");
    }
    console.log(`mount and delete at once, 200 times: ${describeCounts(ends)}`);
    expect([...ends.keys()].sort()).toEqual(["mounted", "too late"]);
  });

  test("a manifest is tagged while it is deleted: it is there with its tag, or neither is, 200 times", async () => {
    const ends = new Map<string, number>();
    const { config, layer } = await pushImage(http, "app");
    for (let round = 0; round < 200; round++) {
      const more = { annotations: { number: String(round) } };
      const content = imageManifest({ config, layers: [layer], more });
      await pushManifest(http, { repository: "app", reference: content.digest, content });
      const tag = () => putManifest(http, { repository: "app", reference: "moved", content });
      const remove = () => http.delete(`/v2/app/manifests/${content.digest}`);
      const answers = await Promise.all(round % 2 === 0 ? [tag(), remove()] : [remove(), tag()]);
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 202]);
      const tagged = await valueOf("/v2/app/manifests/moved");
      expect(await valueOf(`/v2/app/manifests/${content.digest}`)).toBe(tagged);
      expect([undefined, content.digest as string]).toContain(tagged);
      count(ends, tagged === undefined ? "deleted last" : "tagged last");
    }
    console.log(`tag and delete at once, 200 times: ${describeCounts(ends)}`);
    expect([...ends.keys()].sort()).toEqual(["deleted last", "tagged last"]);
  });
});
