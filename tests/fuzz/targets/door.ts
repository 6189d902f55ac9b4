import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { digestOf } from "../../../src/oci/index.ts";
import { startBerth } from "../../support/berth.ts";
import { HttpClient, parseErrorBody } from "../../support/http-client.ts";
import { pushImage, pushManifest, startUpload } from "../../support/push-content.ts";
import { askRaw, type RawAnswer } from "../../support/raw-http.ts";
import type { RunningRegistry } from "../../support/registry-process.ts";
import { MANIFESTS } from "../corpus/manifests.ts";
import { PLACEHOLDERS, REQUESTS, soundRequests } from "../corpus/requests.ts";
import { PATHS } from "../corpus/texts.ts";
import { bytesOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

/** A registry that is asked, and what must be left of it at the end. */
interface House {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
  readonly values: Record<(typeof PLACEHOLDERS)[number], string>;
  /** In a repository that no request names. */
  readonly untouched: Uint8Array;
}

const UNTOUCHED = "/v2/untouched/by-anybody/manifests/latest";
const INPUTS_BETWEEN_LOOKS = 100;

/** Then the rest of a request that ends early is not waited for any more. */
const PATIENCE_MS = 25;

const HTTP_WORDS = [
  ..."GET HEAD PUT PATCH POST DELETE OPTIONS".split(" ").map((method) => `${method} `),
  ..."Content-Length:0 Transfer-Encoding:chunked Host:a Expect:100-continue".split(" ").map((line) => `${line}\r\n`),
  ..."Range:bytes= Content-Range: Authorization:Basic ?digest= ?mount= &from= ?n= &tag= %2e%2e/ %00".split(" "),
  "\r\n",
  "\r\n\r\n",
  "\n",
  " HTTP/1.1\r\n",
];

let house: House | undefined;
let inputs = 0;

/** Raw requests over a socket to a registry in a process of its own. */
export const door: FuzzTarget = {
  name: "door",
  corpus: REQUESTS,
  grammar: soundRequests,
  words: [...HTTP_WORDS, ...PLACEHOLDERS, ...PATHS, ...MANIFESTS.map(({ contentType }) => contentType)],
  maxLength: 32_768,
  testInputs: 3_000,
  start,
  async check(input) {
    const { berth, values } = requireHouse();
    if (inputs++ % INPUTS_BETWEEN_LOOKS === 0) await look();
    const filled = PLACEHOLDERS.reduce((text, name) => text.replaceAll(name, values[name]), input);
    const sent = bytesOf(filled).toString("latin1");
    checkAnswer(await askRaw(berth.port, sent, { hangUp: PATIENCE_MS }), sent);
  },
  finish,
};

async function start(): Promise<void> {
  const berth = await startBerth({
    htpasswd: { fuzz: "fuzz" },
    config: { log: { level: "error", accesslog: { disabled: true } }, http: { trustedproxies: ["127.0.0.1"] } },
  });
  const login = `Basic ${Buffer.from("fuzz:fuzz").toString("base64")}`;
  const http = new HttpClient(berth.url, { authorization: login });
  const untouched = (await pushImage(http, "untouched/by-anybody", "latest")).manifest.bytes;
  const { config, manifest } = await pushImage(http, "fuzz/app", "latest");
  await pushManifest(http, { repository: "fuzz/app", reference: "old", content: manifest });
  const values = { "{upload}": "", "{blob}": config.digest, "{manifest}": manifest.digest, "{login}": login };
  house = { berth, http, values, untouched };
}

function requireHouse(): House {
  if (house === undefined) throw new Error("the door was not started");
  return house;
}

/** The registry lives, is what it was, and has an upload to go on with. */
async function look(): Promise<void> {
  const { http, values, untouched } = requireHouse();
  const answer = await http.get(UNTOUCHED);
  deepEqual([answer.status, answer.bytes], [200, untouched]);
  values["{upload}"] = new URL(await startUpload(http, "fuzz/app")).pathname;
}

async function finish(): Promise<void> {
  const { berth } = requireHouse();
  try {
    await look();
    // Also of a second request on a connection, whose answer nobody has read.
    const errors = berth.logs().match(/^.*level=error.*$/gm) ?? [];
    ok(errors.length === 0, errors.slice(0, 10).join("\n"));
    await checkFiles(berth.dataDirectory);
  } finally {
    await berth.stop();
    house = undefined;
  }
}

const BLOB_FILE = /^docker\/registry\/v2\/blobs\/(sha256|sha512)\/([0-9a-f]{2})\/(\2[0-9a-f]+)\/data$/;
const OWN_FILE = /^berth\/(?:uploads\/[\w-]+|berth\.db(?:-wal|-shm)?|[\w.-]+)$/;

/** No request has put a file where none belongs, or one under another's digest. */
async function checkFiles(dataDirectory: string): Promise<void> {
  const entries = await readdir(dataDirectory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const below = path.slice(dataDirectory.length + 1);
    const [, algorithm, , hex] = BLOB_FILE.exec(below) ?? [];
    if (algorithm === undefined) match(below, OWN_FILE);
    else
      equal(
        digestOf(await Bun.file(path).bytes(), algorithm === "sha256" ? "sha256" : "sha512"),
        `${algorithm}:${hex}`,
      );
  }
}

/** What Bun answers by itself to what is no HTTP: bad request, time-out, too large, headers too large, other version. */
const STATUSES_OF_THE_SERVER: ReadonlySet<number> = new Set([400, 408, 413, 414, 417, 431, 505]);

function checkAnswer(answer: RawAnswer, sent: string): void {
  const { status, headers, text } = answer;
  // Closed without an answer, as to a request that ends early.
  if (status === 0) return;
  if (headers.get("docker-distribution-api-version") === null) {
    ok(STATUSES_OF_THE_SERVER.has(status), `answer ${status} is not the registry's`);
    return;
  }
  ok(status >= 200 && status < 500, `answer ${status}: ${text}`);
  match(headers.get("x-request-id") ?? "", /^[\w-]{8,}$/);
  const isHead = sent.startsWith("HEAD ");
  if (status >= 400 && !isHead) checkError(answer);
  const location = headers.get("location");
  if (location !== null) ok(URL.canParse(location, "http://a") && /^[\x21-\x7e]+$/.test(location), location);
  if (status === 206) checkPart(answer);
  if (status === 200 && sent.startsWith("GET ")) checkContent(answer);
}

function checkError({ headers, text }: RawAnswer): void {
  match(headers.get("content-type") ?? "", /^application\/json/);
  ok(parseErrorBody(text) !== undefined, `no error of the specification: ${text}`);
}

function checkPart({ headers, text }: RawAnswer): void {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  ok(Number(first) <= Number(last) && Number(last) < Number(size), headers.get("content-range") ?? "no Content-Range");
  if (!text.includes("\ufffd")) equal(Buffer.byteLength(text), Number(last) - Number(first) + 1);
}

/** What is served under a digest has that digest. */
function checkContent({ headers, text }: RawAnswer): void {
  const digest = headers.get("docker-content-digest");
  if (digest === null || text.includes("\ufffd")) return;
  equal(digestOf(Buffer.from(text), digest.startsWith("sha256") ? "sha256" : "sha512"), digest);
}
