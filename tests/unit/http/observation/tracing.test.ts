import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { traceStorage } from "../../../../src/http/observation/trace-storage.ts";
import type { Environment } from "../../../../src/http/observation/tracing-options.ts";
import { createTracing, type Tracing } from "../../../../src/http/observation/tracing.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, parseStorageKey } from "../../../../src/storage/index.ts";
import { logTo } from "../health/log-to.ts";
import { recordOf } from "./record-of.ts";
import { until } from "../../../support/until.ts";

interface Attribute {
  readonly key: string;
  readonly value: Record<string, unknown>;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string }[];
}

interface ResourceSpans {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
}

interface Received {
  readonly path: string;
  readonly headers: Headers;
  readonly resource: Record<string, unknown>;
  readonly spans: readonly Span[];
}

/** A collector: keeps what it is sent. */
const received: Received[] = [];
let collector: Bun.Server<undefined>;
let endpoint: string;
beforeAll(() => {
  collector = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const [batch] = ((await request.json()) as { resourceSpans: ResourceSpans[] }).resourceSpans;
      if (!batch) return new Response(null, { status: 400 });
      const spans = batch.scopeSpans.flatMap((scope) => scope.spans);
      const resource = valuesOf(batch.resource.attributes);
      received.push({ path: new URL(request.url).pathname, headers: request.headers, resource, spans });
      return Response.json({});
    },
  });
  endpoint = `http://127.0.0.1:${collector.port}`;
});
beforeEach(() => void received.splice(0));
afterAll(() => collector.stop(true));

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function open(env: Environment, lines: string[] = []): Promise<Tracing | undefined> {
  return createTracing(env, { version: "1.2.3", log: logTo(lines), clock: systemClock });
}

async function openOn(env: Environment = {}, lines: string[] = []): Promise<Tracing> {
  const tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env }, lines);
  if (!tracing) throw new Error("tracing is off");
  return tracing;
}

function get(headers: Record<string, string> = {}, method = "GET"): Pick<Request, "method" | "headers"> {
  return { method, headers: new Headers(headers) };
}

async function sendOne(tracing: Tracing, headers: Record<string, string> = {}): Promise<void> {
  tracing.startRequest(get(headers)).finish(recordOf());
  await tracing.shutdown(5000);
}

function spans(): Span[] {
  return received.flatMap((batch) => batch.spans);
}

describe("tracing is off", () => {
  test.each<[string, Environment]>([
    ["when nothing asks for it", {}],
    ["when only its name is set", { OTEL_SERVICE_NAME: "x" }],
    ["with the exporter none", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318", OTEL_TRACES_EXPORTER: "none" }],
    ["when the SDK is disabled", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318", OTEL_SDK_DISABLED: "true" }],
  ])("%s", async (_, env) => {
    const lines: string[] = [];
    expect(await open(env, lines)).toBeUndefined();
    expect(lines).toEqual([]);
  });

  test.each<[Environment, string]>([
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, "OTEL_TRACES_EXPORTER=zipkin is not supported"],
    [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "the OTLP protocol grpc is not supported"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, "collector/v1/traces is not a URL"],
  ])("and says why with %p", async (env, message) => {
    const lines: string[] = [];
    expect(await open(env, lines)).toBeUndefined();
    expect(lines.join("\n")).toContain(message);
  });

  test("and then nothing of OpenTelemetry is loaded", async () => {
    const source = Bun.fileURLToPath(new URL("../../../../src/http/observation/tracing.ts", import.meta.url));
    const loaded = "Object.keys(require.cache).some((name) => name.includes('@opentelemetry'))";
    const body = `const { createTracing } = await import(${JSON.stringify(source)});
      const log = { warn() {}, info() {} };
      await createTracing({}, { log });
      const before = ${loaded};
      await createTracing({ OTEL_TRACES_EXPORTER: "otlp" }, { version: "1", log });
      console.log(before, ${loaded});`;
    const child = Bun.spawn([process.execPath, "-e", body], { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe("false true\n");
  });
});

describe("a request", () => {
  test("is a server span with the conventions' attributes and our own", async () => {
    const tracing = await openOn();
    const span = tracing.startRequest(get());
    span.finish(
      recordOf({
        handler: "manifest",
        target: "/v2/a/b/manifests/v1?token=hunter2",
        repository: "a/b",
        reference: "v1",
        user: "alice",
        status: 200,
      }),
    );
    await tracing.shutdown(5000);
    const [sent] = spans();
    expect(sent).toMatchObject({ name: "GET /v2/{name}/manifests/{reference}", kind: 2 });
    expect(sent?.status.code).toBe(0);
    expect(valuesOf(sent?.attributes ?? [])).toEqual({
      "http.request.method": "GET",
      "http.route": "/v2/{name}/manifests/{reference}",
      "http.response.status_code": 200,
      "http.request.body.size": 0,
      "http.response.body.size": 2,
      "url.path": "/v2/a/b/manifests/v1",
      "url.query": "token=***",
      "server.address": "127.0.0.1:5000",
      "client.address": "127.0.0.1",
      "user_agent.original": "curl/8",
      "network.protocol.version": "1.1",
      "enduser.id": "alice",
      "berth.request.id": "04b2d33b",
      "berth.repository": "a/b",
      "berth.reference": "v1",
    });
  });

  test("continues the trace of who called", async () => {
    await sendOne(await openOn(), { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    expect(spans()).toMatchObject([{ traceId: "0af7651916cd43dd8448eb211c80319c", parentSpanId: "b7ad6b7169203331" }]);
  });

  test.each([
    ["a broken one", { traceparent: "00-zzz-b7ad6b7169203331-01" }, {}],
    [
      "one that is not to be believed",
      { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
      { OTEL_PROPAGATORS: "none" },
    ],
  ])("begins a trace instead of %s", async (_, headers, env) => {
    await sendOne(await openOn(env), headers);
    expect(spans()).toHaveLength(1);
    expect(spans()[0]?.parentSpanId).toBeUndefined();
    expect(spans()[0]?.traceId).not.toBe("0af7651916cd43dd8448eb211c80319c");
  });

  test("that failed is an error with what happened; one that was refused is not", async () => {
    const tracing = await openOn();
    tracing.startRequest(get()).finish(recordOf({ status: 500, error: new RegistryError("internal", "bug") }));
    tracing.startRequest(get()).finish(recordOf({ status: 404, error: new RegistryError("tag-invalid", "no") }));
    await tracing.shutdown(5000);
    const [failed, refused] = spans();
    expect(failed?.status.code).toBe(2);
    expect(failed?.events).toMatchObject([{ name: "exception" }]);
    expect(valuesOf(failed?.attributes ?? [])["error.type"]).toBe("internal");
    expect([refused?.status.code, refused?.events]).toEqual([0, []]);
  });

  test("with a method of the client's own does not make a name", async () => {
    const tracing = await openOn();
    tracing.startRequest(get({}, "BREW")).finish(recordOf({ method: "BREW", handler: "other" }));
    await tracing.shutdown(5000);
    expect(spans()[0]?.name).toBe("HTTP");
    expect(valuesOf(spans()[0]?.attributes ?? [])).toMatchObject({ "http.request.method": "_OTHER" });
  });
});

describe("a part of a request", () => {
  test("is a span below it, also when another request runs at the same time", async () => {
    const tracing = await openOn();
    const driver = traceStorage(await openStorage({ kind: "inmemory" }, { clock: systemClock }), tracing);
    const handle = async () => {
      const span = tracing.startRequest(get());
      await span.run(async () => {
        await Bun.sleep(1);
        await driver.stat(parseStorageKey("a/b"));
      });
      span.finish(recordOf());
    };
    await Promise.all([handle(), handle()]);
    await tracing.shutdown(5000);
    const servers = spans().filter((span) => span.kind === 2);
    const parts = spans().filter((span) => span.name === "storage Stat");
    expect(parts).toHaveLength(2);
    expect(new Set(parts.map((span) => span.parentSpanId))).toEqual(new Set(servers.map((span) => span.spanId)));
    expect(valuesOf(parts[0]?.attributes ?? [])).toEqual({ "berth.storage.driver": "inmemory" });
  });

  test("outside a request is not traced, and its failure is passed on", async () => {
    const tracing = await openOn();
    const failure = new Error("no");
    expect(await tracing.child("x", {}, () => Promise.resolve(7))).toBe(7);
    const span = tracing.startRequest(get());
    const failed = span.run(() => tracing.child("y", {}, () => Promise.reject(failure)));
    expect(await failed.catch((error: unknown) => error)).toBe(failure);
    span.finish(recordOf());
    await tracing.shutdown(5000);
    expect(spans().map((sent) => [sent.name, sent.status.code])).toEqual([
      ["y", 2],
      ["GET /v2/", 0],
    ]);
  });
});

describe("the environment", () => {
  test("names the service and what it runs on", async () => {
    await sendOne(
      await openOn({
        OTEL_SERVICE_NAME: "my-registry",
        OTEL_RESOURCE_ATTRIBUTES: "service.name=other,deployment.environment=pro%20d,broken",
      }),
    );
    expect(received[0]?.resource).toMatchObject({
      "service.name": "my-registry",
      "service.version": "1.2.3",
      "deployment.environment": "pro d",
      "telemetry.sdk.name": "opentelemetry",
    });
  });

  test("names the path and the headers", async () => {
    await sendOne(await openOn({ OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b,x-other=1" }));
    await sendOne(await openOn({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own/path` }));
    expect(received.map((batch) => batch.path)).toEqual(["/v1/traces", "/own/path"]);
    expect(received[0]?.headers.get("x-key")).toBe("a b");
    expect(received[0]?.headers.get("content-type")).toBe("application/json");
  });

  const called = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const unsampled = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" };
  test.each<[string, string, Record<string, string>, number]>([
    ["always_on", "", {}, 1],
    ["always_on", "", unsampled, 1],
    ["always_off", "", {}, 0],
    ["always_off", "", called, 0],
    ["traceidratio", "0", {}, 0],
    ["traceidratio", "1", {}, 1],
    ["parentbased_always_on", "", unsampled, 0],
    ["parentbased_always_off", "", called, 1],
    ["parentbased_traceidratio", "0", {}, 0],
    ["parentbased_traceidratio", "0", called, 1],
    ["unheard_of", "", {}, 1],
  ])("sampler %s %s with %p keeps %d", async (name, argument, headers, kept) => {
    await sendOne(await openOn({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }), headers);
    expect(spans()).toHaveLength(kept);
  });
});

describe("a collector that", () => {
  test("hangs holds up a shutdown only as long as was allowed", async () => {
    const hanging = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Promise<Response>(() => undefined) });
    const lines: string[] = [];
    const tracing = await openOn({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${hanging.port}` }, lines);
    tracing.startRequest(get()).finish(recordOf());
    await tracing.shutdown(20);
    expect(lines.at(-1)).toStartWith(
      'level=warning msg="the last traces could not be sent" error="Error: no answer within 20 ms',
    );
    await hanging.stop(true);
  });

  test("refuses is reported once, however often", async () => {
    const refusing = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("no", { status: 400 }) });
    const lines: string[] = [];
    const tracing = await openOn(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${refusing.port}`, OTEL_BSP_SCHEDULE_DELAY: "1" },
      lines,
    );
    const reports = () => lines.filter((line) => line.includes("traces cannot be sent"));
    for (let i = 0; i < 3; i++) {
      tracing.startRequest(get()).finish(recordOf());
      await Bun.sleep(20);
    }
    await until("it is reported", () => reports().length > 0);
    await tracing.shutdown(5000);
    expect(reports()).toHaveLength(1);
    await refusing.stop(true);
  });
});
