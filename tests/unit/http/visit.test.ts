import { afterAll, beforeAll, expect, test } from "bun:test";
import { ANONYMOUS, EVERYBODY } from "../../../src/access/index.ts";
import { emptyAnswer, jsonAnswer } from "../../../src/http/answer.ts";
import { createMetrics, type Door, type RequestRecord } from "../../../src/http/index.ts";
import { spanName } from "../../../src/http/observation/request-attributes.ts";
import { MetadataError } from "../../../src/metadata/index.ts";
import { RegistryError } from "../../../src/oci/index.ts";
import type { Registry } from "../../../src/registry/index.ts";
import { askerOf, edgeUnderTest } from "../../support/edge-under-test.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";

let memory: MemoryRegistry;
beforeAll(async () => {
  memory = await openMemoryRegistry();
});
afterAll(() => memory.close());

// All who come by it have the same, so that one who guesses passwords would lock out everybody.
test("who comes by a unix socket has no address, for the authenticator and for doors", async () => {
  const told: unknown[] = [];
  const authenticator = {
    challenge: () => "",
    authenticate: (_: string | null, from: { readonly address?: string | undefined }) => {
      told.push(from.address);
      return { ...EVERYBODY, principal: ANONYMOUS };
    },
  };
  const door: Door = {
    path: "/door",
    name: "door",
    respond: ({ from }) => {
      told.push(from.address);
      return emptyAnswer(204);
    },
  };
  const ask = askerOf(edgeUnderTest(memory.registry, { authenticator, doors: [door] }));
  for (const path of ["/v2/", "/door"]) for (const from of ["", "192.0.2.1"]) await ask(path, { from });
  expect(told).toEqual([undefined, "192.0.2.1", undefined, "192.0.2.1"]);
});

test("an answer that cannot be sent is told of and counted once, as what came in its place", async () => {
  let inFlight = 0;
  const records: RequestRecord[] = [];
  const broken = { status: 200, headers: { "Content-Type": "text/plain\nX-Other: 1" }, body: null };
  const pages = new Map([["/page", { isOpen: true, needsLogin: false, respond: () => broken }]]);
  const metrics = { requestStarted: () => void inFlight++, requestFinished: () => void inFlight-- };
  const edge = edgeUnderTest(memory.registry, { pages, metrics, observe: (record) => void records.push(record) });
  expect((await askerOf(edge)("/page")).status).toBe(500);
  expect(inFlight).toBe(0);
  expect(records.map(({ status, error }) => [status, error?.kind])).toEqual([[500, "internal"]]);
});

test("HEAD is answered as GET, without what would be sent", async () => {
  const whole = jsonAnswer({ a: 1 });
  const page = { isOpen: true, needsLogin: false, respond: () => whole };
  const door: Door = {
    path: "/door/",
    name: "door",
    respond({ path }) {
      if (path === "/door/") return whole;
      throw new RegistryError("not-found", "there is nothing here");
    },
  };
  const ask = askerOf(edgeUnderTest(memory.registry, { pages: new Map([["/page", page]]), doors: [door] }));
  for (const path of ["/page", "/door/", "/door/wrong", "/v2/", "/v2/a/manifests/x"]) {
    const [get, head] = [await ask(path), await ask(path, { method: "HEAD" })];
    expect([path, head.status, head.headers.get("content-length")]).toEqual([
      path,
      get.status,
      get.headers.get("content-length"),
    ]);
    expect([(await get.text()).length > 0, await head.text()]).toEqual([true, ""]);
  }
});

test("requests for the extensions are counted and traced as such", async () => {
  const metrics = createMetrics({ version: "1", startedAtMs: 0, stopwatchMs: () => 0 });
  const records: RequestRecord[] = [];
  const observe = (record: RequestRecord) => {
    records.push(record);
    metrics.observe(record);
  };
  await askerOf(edgeUnderTest(memory.registry, { metrics, observe }))("/v2/_oci/ext/discover");
  const { body } = await metrics.render();
  metrics.close();
  expect(body).toContain('registry_http_requests_total{handler="extensions",code="200",method="get"} 1');
  expect(records.map(spanName)).toEqual(["GET /v2/_oci/ext/discover"]);
});

test("who may not change something is told so even if that cannot be recorded, and the log is told why", async () => {
  const { registry } = memory;
  const full = new MetadataError("full", "there is no space left for the database");
  const metadata = { ...registry.metadata, transaction: () => Promise.reject(full) };
  const principal = { kind: "user", name: "eve", source: "local", account: undefined } as const;
  const authenticator = {
    challenge: () => "",
    authenticate: () => ({ ...EVERYBODY, principal, refusalOf: () => "rules" as const }),
  };
  const records: RequestRecord[] = [];
  const observe = (record: RequestRecord) => void records.push(record);
  const audited = { ...registry, metadata, options: { ...registry.options, isAudited: true } } as Registry;
  const ask = askerOf(edgeUnderTest(audited, { authenticator, observe }));
  const answer = await ask("/v2/a/manifests/x", { method: "DELETE" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([403, null]);
  expect(records[0]?.error).toMatchObject({ kind: "denied", cause: full });
});

test("a registry that takes nothing does not read what is sent", async () => {
  const { registry } = memory;
  const ask = askerOf(edgeUnderTest({ ...registry, options: { ...registry.options, readOnly: true } }));
  let piecesAsked = 0;
  const body = new ReadableStream({ pull: () => void piecesAsked++ }, { highWaterMark: 0 });
  const answer = await ask("/v2/a/manifests/x", { method: "PUT", body });
  expect([answer.status, piecesAsked]).toEqual([405, 0]);
});
