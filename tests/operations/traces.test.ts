import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushImage, startUpload, withQuery } from "../support/push-content.ts";
import { type Started, startOn } from "./support/started.ts";
import { type Span, TraceCollector } from "./support/trace-collector.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let collector: TraceCollector;
const running: Started[] = [];
beforeEach(() => void (collector = new TraceCollector()));
afterEach(async () => {
  for (const { berth } of running.splice(0)) await berth.stop();
  await collector.stop();
});

async function startTraced(env: Readonly<Record<string, string>>): Promise<Started> {
  const started = await startOn({}, env);
  running.push(started);
  return started;
}

const trace = { id: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
const traceparent = `00-${trace.id}-${trace.span}-01`;

function spanOf(name: string, more: Readonly<Record<string, unknown>> = {}): Span {
  const found = collector.spans.filter(
    (span) => span.name === name && Object.entries(more).every(([key, value]) => span.attributes[key] === value),
  );
  if (found.length !== 1)
    throw new Error(`${found.length} spans ${name}: ${collector.spans.map((span) => span.name).join()}`);
  return found[0] as Span;
}

describe("with an end point", () => {
  test("a push and a pull are spans below the client's, with method, route and status", async () => {
    const started = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=team%20a",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
    });
    const http = new HttpClient(started.url, { traceparent });
    const { layer, manifest } = await pushImage(http, "team/app", "v1");
    await http.get("/v2/team/app/manifests/v1");
    await http.get("/v2/team/app/manifests/absent");
    const pulled = await http.get(`/v2/team/app/blobs/${layer.digest}?token=hush`);
    // What was not sent yet goes out before the end.
    await started.berth.stop();

    expect(spanOf("PUT /v2/{name}/manifests/{reference}")).toMatchObject({
      traceId: trace.id,
      parentSpanId: trace.span,
      kind: 2,
      attributes: {
        "http.request.method": "PUT",
        "http.route": "/v2/{name}/manifests/{reference}",
        "http.response.status_code": 201,
        "http.request.body.size": manifest.bytes.length,
        "url.path": "/v2/team/app/manifests/v1",
        "server.address": started.address,
        "client.address": "127.0.0.1",
        "berth.repository": "team/app",
        "berth.reference": "v1",
        "berth.digest": manifest.digest,
      },
    });
    const absent = spanOf("GET /v2/{name}/manifests/{reference}", { "berth.reference": "absent" });
    expect(absent.attributes["http.response.status_code"]).toBe(404);
    // A client's mistake is no error of the server.
    expect(absent.status.code).toBe(0);
    const read = spanOf("GET /v2/{name}/blobs/{digest}");
    expect(read.attributes).toMatchObject({
      "http.response.body.size": layer.bytes.length,
      "berth.request.id": pulled.headers.get("x-request-id"),
      "url.query": "token=***",
    });
    expect(BigInt(read.endTimeUnixNano) > BigInt(read.startTimeUnixNano)).toBe(true);
    expect(collector.resource).toMatchObject({
      "service.name": "berth",
      "service.version": expect.any(String),
      "deployment.environment": "test",
    });
    expect(collector.requests[0]?.path).toBe("/v1/traces");
    expect(collector.requests[0]?.headers.get("x-tenant")).toBe("team a");
  });

  test("what the storage did is below the request that made it do so", async () => {
    const started = await startTraced({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/v1/traces` });
    const { http } = started;
    const blob = contentOf("traced".repeat(20_000));
    const location = await startUpload(http, "app");
    await http.put(withQuery(location, { digest: blob.digest }), { body: blob.bytes });
    await started.berth.stop();
    const finish = spanOf("PUT /v2/{name}/blobs/uploads/{uuid}");
    for (const action of ["storage Writer", "storage Move"]) {
      expect(spanOf(action)).toMatchObject({
        traceId: finish.traceId,
        parentSpanId: finish.spanId,
        attributes: { "berth.storage.driver": "filesystem" },
      });
    }
    expect(finish.parentSpanId ?? "").toBe("");
    expect(spanOf("POST /v2/{name}/blobs/uploads/").traceId).not.toBe(finish.traceId);
  });

  test("they go out while it runs", async () => {
    const { http } = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_SERVICE_NAME: "registry-a",
    });
    await http.get("/v2/");
    await until("the span arrives", () => collector.spans.some(({ name }) => name === "GET /v2/"));
    expect(collector.resource["service.name"]).toBe("registry-a");
  });

  test("a trace that the client does not record is not sent", async () => {
    const started = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    await started.http.get("/v2/", { traceparent: traceparent.replace(/01$/, "00") });
    await started.berth.stop();
    expect(collector.spans.filter(({ traceId }) => traceId === trace.id)).toEqual([]);
  });

  test("where nobody listens, requests go on and one line says so", async () => {
    const started = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${takeFreePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: "200",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    });
    const complaints = async () => (await started.berth.stderr()).match(/msg="traces cannot be sent"/g) ?? [];
    await until("a complaint", async () => {
      expect((await started.http.get("/v2/")).status).toBe(200);
      return (await complaints()).length > 0;
    });
    for (let i = 0; i < 10; i++) await started.http.get("/v2/");
    await started.berth.stop();
    expect(await started.berth.exited).toBe(0);
    expect(await complaints()).toHaveLength(1);
  });
});

describe("without one", () => {
  test.each([
    ["by default", {}],
    ["with a name alone", { OTEL_SERVICE_NAME: "registry" }],
    ["switched off", { OTEL_SDK_DISABLED: "true" }],
    ["without exporter", { OTEL_TRACES_EXPORTER: "none" }],
  ])("nothing is sent: %s", async (about, env) => {
    const endpoint = about === "switched off" || about === "without exporter" ? collector.endpoint : undefined;
    const started = await startTraced({ ...(endpoint && { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }), ...env });
    await started.http.get("/v2/", { traceparent });
    await started.berth.stop();
    expect(collector.requests).toEqual([]);
    expect(await started.berth.stderr()).not.toContain("traces");
  });
});
