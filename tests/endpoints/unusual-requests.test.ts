import { describe, expect, test } from "bun:test";

import { errorCodes, HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, putManifest, startUpload, withQuery } from "../support/push-content.ts";
import { askRaw, type RawAnswer } from "../support/raw-http.ts";
import { berthWith } from "./registry.ts";
import { checkForm } from "./rows.ts";
import { ABSENT, CONFIG, IMAGE, LAYER, pushSample } from "./sample.ts";
import { HEADS, LENGTHS, TRUNCATED } from "./unusual/connections.ts";
import { MANIFESTS } from "./unusual/manifests.ts";
import { NAMES_AND_PATHS } from "./unusual/names-and-paths.ts";
import { PARAMETERS } from "./unusual/parameters.ts";
import { REFERENCES } from "./unusual/references.ts";
import { request, type UnusualRow, type World } from "./unusual/row.ts";
import { UPLOADS } from "./unusual/uploads.ts";

const TABLES = {
  "names and paths": NAMES_AND_PATHS,
  "digests and tags": REFERENCES,
  parameters: PARAMETERS,
  uploads: UPLOADS,
  manifests: MANIFESTS,
  lengths: LENGTHS,
  "truncated bodies": TRUNCATED,
  "heads and connections": HEADS,
} as const;

const berth = berthWith({}, async (http) => {
  await pushSample(http, "app");
  await pushSample(http, "team/app");
});
const http = () => new HttpClient(berth().url);

test("a page of another site does not push, though it may be asked before all else that changes something", async () => {
  const start = async (site: string) =>
    (await http().post("/v2/app/blobs/uploads/", { headers: { "sec-fetch-site": site, "content-type": "text/plain" } }))
      .status;
  expect(await Promise.all(["cross-site", "same-site", "same-origin", "none"].map(start))).toEqual([
    403, 403, 202, 202,
  ]);
  const removed = await http().ask("DELETE", "/v2/app/manifests/none", { headers: { "sec-fetch-site": "cross-site" } });
  expect(removed.status).not.toBe(403);
});

const world: World = {
  async upload(text = "") {
    const { pathname } = new URL(await startUpload(http(), "app"));
    if (text !== "") await http().patch(pathname, { body: text });
    return pathname;
  },
  async finishedUpload() {
    const path = await world.upload("0123456789");
    await http().put(`${path}?digest=${LAYER.digest}`);
    return path;
  },
  async cancelledUpload() {
    const path = await world.upload("0123456789");
    await http().delete(path);
    return path;
  },
};

function checkAnswer(answer: RawAnswer, row: UnusualRow, method: string): void {
  const expected: readonly number[] = typeof row.status === "number" ? [row.status] : row.status;
  expect(expected, answer.text.slice(0, 300)).toContain(answer.status);
  // Nothing can be asked of an answer that is none, or that the registry did not make.
  if (answer.status === 0 || row.byServer) return;
  checkForm(answer, method);
  if (answer.status >= 400 && method !== "HEAD")
    expect(new Set(errorCodes(answer))).toEqual(new Set(row.code === undefined ? [] : [row.code]));
}

async function expectServing(): Promise<void> {
  const answer = await http().get("/v2/app/manifests/latest");
  expect([answer.status, answer.bytes]).toEqual([200, IMAGE.bytes]);
}

for (const [title, rows] of Object.entries<readonly UnusualRow[]>(TABLES)) {
  describe(`unusual ${title}`, () => {
    for (const row of rows) {
      const expected = `${String(row.status)}${row.code ? ` ${row.code}` : ""}${row.byServer ? " (by the HTTP server)" : ""}`;
      test(`${row.about} → ${expected}`, async () => {
        const pieces = typeof row.send === "function" ? await row.send(world) : row.send;
        const answer = await askRaw(berth().port, pieces, { hangUp: row.hangUp ?? false });
        checkAnswer(answer, row, String(pieces[0]).startsWith("HEAD ") ? "HEAD" : "GET");
        await expectServing();
      });
    }
  });
}

test("there are 200 of them, and more", () => {
  const rows = Object.values<readonly UnusualRow[]>(TABLES).flat();
  expect(rows.length).toBeGreaterThanOrEqual(200);
  expect(rows.filter((row) => row.byServer !== true).length).toBeGreaterThanOrEqual(200);
});

describe("many at once", () => {
  const statusesOf = async (answers: readonly Promise<{ readonly status: number }>[]) =>
    (await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b);
  const repeat = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));

  test("100 uploads of one blob are all taken", async () => {
    const blob = contentOf("many want this ".repeat(10_000));
    await Promise.all(repeat(100, (index) => pushBlob(http(), index % 2 === 0 ? "crowd" : `crowd${index}`, blob)));
    for (const name of ["crowd", "crowd1", "crowd99"])
      expect((await http().get(`/v2/${name}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes);
  });

  test("100 single POSTs of one blob are all taken", async () => {
    const blob = contentOf("many post this ".repeat(1000));
    const post = () => http().post(`/v2/crowd/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
    expect(await statusesOf(repeat(100, post))).toEqual(repeat(100, () => 201));
  });

  test("50 pushes of one tag are all taken, and the tag is one of them", async () => {
    await pushSample(http(), "busy");
    const images = repeat(50, (index) =>
      imageManifest({ config: CONFIG, layers: [LAYER], more: { annotations: { n: `${index}` } } }),
    );
    const pushes = images.map((content) => putManifest(http(), { repository: "busy", reference: "tag", content }));
    expect(await statusesOf(pushes)).toEqual(repeat(50, () => 201));
    const { text } = await http().get("/v2/busy/manifests/tag");
    expect(images.map(({ bytes }) => new TextDecoder().decode(bytes))).toContain(text);
    for (const { digest } of images) expect((await http().head(`/v2/busy/manifests/${digest}`)).status).toBe(200);
  });

  test("of 20 ends of one upload one is taken", async () => {
    const url = withQuery(`${berth().url}${await world.upload("0123456789")}`, { digest: LAYER.digest });
    expect(await statusesOf(repeat(20, () => http().put(url)))).toEqual([201, ...repeat(19, () => 404)]);
  });

  test("20 chunks for one place of an upload leave it whole", async () => {
    const path = await world.upload("01234");
    const send = () => http().patch(path, { body: "56789", headers: { "content-range": "5-9" } });
    const statuses = await statusesOf(repeat(20, send));
    for (const status of statuses) expect([202, 400, 416]).toContain(status);
    expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(1);
    expect((await http().put(`${path}?digest=${LAYER.digest}`)).status).toBe(201);
  });

  test("20 cancellations of one upload end it once", async () => {
    const path = await world.upload("0123456789");
    expect(await statusesOf(repeat(20, () => http().delete(path)))).toEqual([204, ...repeat(19, () => 404)]);
  });

  test("50 mounts of one blob are all made", async () => {
    const mount = (index: number) => http().post(`/v2/mount${index % 5}/blobs/uploads/?mount=${LAYER.digest}&from=app`);
    expect(await statusesOf(repeat(50, mount))).toEqual(repeat(50, () => 201));
  });

  test("of 20 deletions of one tag one is made", async () => {
    await pushSample(http(), "shrinking");
    expect(await statusesOf(repeat(20, () => http().delete("/v2/shrinking/manifests/latest")))).toEqual([
      202,
      ...repeat(19, () => 404),
    ]);
  });

  test("pushes and deletions of one blob are each taken or refused, never broken", async () => {
    const blob = contentOf("now you see it");
    const path = `/v2/blinking/blobs/${blob.digest}`;
    const answers = repeat(60, (index) => {
      if (index % 3 === 0) return http().delete(path);
      if (index % 3 === 1) return http().get(path);
      return http().post(`/v2/blinking/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
    });
    for (const status of await statusesOf(answers)) expect([200, 201, 202, 404]).toContain(status);
    await pushBlob(http(), "blinking", blob);
    expect((await http().get(path)).bytes).toEqual(blob.bytes);
  });

  test("200 questions for what is absent are all answered", async () => {
    const ask = (index: number) => http().get(`/v2/absent${index}/blobs/${ABSENT}`);
    expect(await statusesOf(repeat(200, ask))).toEqual(repeat(200, () => 404));
  });

  test("100 connections that say nothing do not keep others out", async () => {
    const silent = repeat(100, () => askRaw(berth().port, ["GET /v2/ HTTP/1.1\r\n"], { timeoutMs: 60_000 }));
    await expectServing();
    expect(silent).toHaveLength(100);
    void Promise.allSettled(silent);
  });
});

describe("an upload whose client went away", () => {
  /** Goes on as a client does: from where the registry says that the upload stands, and again where it moved meanwhile. */
  async function goOn(path: string, text: string): Promise<void> {
    let { headers } = await http().get(path);
    for (let tries = 0; tries < 50; tries++) {
      const range = /^0-(\d+)$/.exec(headers.get("range") ?? "")?.[1];
      // An upload of one byte and one of none look alike.
      for (const firstByte of range === "0" ? [1, 0] : [Number(range) + 1]) {
        const contentRange = { "content-range": `${firstByte}-${text.length - 1}` };
        const answer = await http().patch(path, { body: text.slice(firstByte), headers: contentRange });
        if (answer.status === 202) return;
        expect(answer.status).toBe(416);
        ({ headers } = answer);
      }
    }
    throw new Error("the upload does not come to rest");
  }

  const text = "0123456789".repeat(100_000);
  const whole = contentOf(text);
  const half = text.slice(0, text.length / 2);
  const put = (path: string) => `${path}?digest=${whole.digest}`;
  const inPieces = `${half.length.toString(16)}\r\n${half}\r\n5\r\n`;

  test.each([
    ["a chunk", (path: string) => request("PATCH", path, { headers: [`Content-Length: ${text.length}`], body: half })],
    ["a stream", (path: string) => request("PATCH", path, { headers: ["Transfer-Encoding: chunked"], body: inPieces })],
    [
      "the end",
      (path: string) => request("PUT", put(path), { headers: [`Content-Length: ${text.length}`], body: half }),
    ],
  ])("in the middle of %s goes on from what came", async (_, send) => {
    const path = await world.upload();
    await askRaw(berth().port, send(path), { hangUp: true });
    await goOn(path, text);
    expect((await http().put(put(path))).status).toBe(201);
    expect((await http().get(`/v2/app/blobs/${whole.digest}`)).bytes).toEqual(whole.bytes);
  });
});

describe("headers that never end", () => {
  test("are given up by the HTTP server, within its time", async () => {
    const answer = await askRaw(berth().port, ["GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Slow: "], { timeoutMs: 40_000 });
    expect([0, 408]).toContain(answer.status);
    await expectServing();
  }, 60_000);
});
