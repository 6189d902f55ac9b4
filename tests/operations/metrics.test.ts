import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { argv } from "../support/argv.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, type PushedImage, pushImage, startUpload, withQuery } from "../support/push-content.ts";
import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { askRaw } from "../support/raw-http.ts";
import { requireProgram } from "../support/require-program.ts";
import { runProgram } from "../support/run-program.ts";
import { MetricsText } from "./support/metrics-text.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

describe("after a push and a pull, on the debug address", () => {
  let berth: RunningRegistry;
  let debug: HttpClient;
  let image: PushedImage;
  beforeAll(async () => {
    const addr = `127.0.0.1:${takeFreePort()}`;
    berth = await startBerth({ config: { http: { debug: { addr, prometheus: { enabled: true } } } } });
    debug = new HttpClient(`http://${addr}`);
    const http = new HttpClient(berth.url);
    image = await pushImage(http, "team/app", "v1");
    const chunked = contentOf("in chunks");
    const location = await startUpload(http, "team/app");
    await http.patch(location, { body: new Blob([chunked.bytes]).stream() });
    await http.put(withQuery(location, { digest: chunked.digest }));
    await http.get("/v2/team/app/manifests/v1");
    await http.get(`/v2/team/app/blobs/${image.layer.digest}`);
    await http.head(`/v2/team/app/blobs/${image.layer.digest}`);
    await http.get("/v2/team/app/tags/list");
    await http.get("/v2/_catalog");
    await http.get("/v2/");
    await http.get(`/v2/team/app/referrers/${image.manifest.digest}`);
    await http.get("/v2/nobody/manifests/v1");
    await http.delete(`/v2/team/app/manifests/${image.manifest.digest}`);
  });
  afterAll(() => berth.stop());

  const read = async () => new MetricsText((await debug.get("/metrics")).text);

  test.each([
    ["blob_upload", "post", "202", 3],
    ["blob_upload_chunk", "patch", "202", 1],
    ["blob_upload_chunk", "put", "201", 3],
    ["manifest", "put", "201", 1],
    ["manifest", "get", "200", 1],
    ["manifest", "get", "404", 1],
    ["manifest", "delete", "202", 1],
    ["blob", "get", "200", 1],
    ["blob", "head", "200", 1],
    ["tags", "get", "200", 1],
    ["catalog", "get", "200", 1],
    ["base", "get", "200", 1],
    ["referrers", "get", "200", 1],
  ])("requests of handler %s with %s and %s are counted: %d", async (handler, method, code, count) => {
    const metrics = await read();
    expect(metrics.find("registry_http_requests_total", { handler, method, code })).toBe(count);
    expect(metrics.find("registry_http_request_duration_seconds_count", { handler, method })).toBeGreaterThanOrEqual(
      count,
    );
    expect(metrics.find("registry_http_in_flight_requests", { handler })).toBe(0);
  });

  test("the sizes of bodies are in histograms, and those of blobs in counters", async () => {
    const metrics = await read();
    const blobBytes = image.config.bytes.length + image.layer.bytes.length + "in chunks".length;
    expect(metrics.find("berth_blob_received_bytes_total")).toBe(blobBytes);
    expect(metrics.find("berth_blob_sent_bytes_total")).toBe(image.layer.bytes.length);
    expect(metrics.find("registry_http_response_size_bytes_sum", { handler: "blob" })).toBe(image.layer.bytes.length);
    expect(metrics.find("registry_http_request_size_bytes_sum", { handler: "manifest" })).toBe(
      image.manifest.bytes.length,
    );
  });

  test("the storage's actions are timed under registry:2's names", async () => {
    const metrics = await read();
    const labels = (action: string) => ({ driver: "filesystem", action });
    // Of three uploads two are small and whole when they end.
    for (const [action, count] of [
      ["PutContent", 2],
      ["Writer", 1],
      ["Move", 1],
    ] as const) {
      expect(metrics.find("registry_storage_action_seconds_count", labels(action))).toBe(count);
    }
    expect(metrics.find("registry_storage_action_seconds_count", labels("Reader"))).toBeGreaterThanOrEqual(1);
    expect(metrics.find("registry_storage_action_seconds_sum", labels("Move"))).toBeGreaterThan(0);
    expect(metrics.find("berth_storage_failures_total")).toBe(0);
  });

  test("Berth's own figures are there, and those that every Go program has", async () => {
    const metrics = await read();
    expect(metrics.find("berth_build_info")).toBe(1);
    expect(metrics.find("berth_uploads_active")).toBe(0);
    expect(metrics.find("berth_database_operation_seconds_count", { operation: "transaction" })).toBeGreaterThan(5);
    expect(metrics.find("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(metrics.find("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(metrics.find("process_open_fds")).toBeGreaterThan(5);
    expect(metrics.find("process_max_fds")).toBeGreaterThan(100);
    expect(Math.abs(Date.now() / 1000 - (metrics.find("process_start_time_seconds") ?? 0))).toBeLessThan(300);
    expect(metrics.names()).toContain("berth_event_loop_delay_seconds_count");
  });

  test("labels have few values, whatever clients send", async () => {
    const http = new HttpClient(berth.url);
    await Promise.all(Array.from({ length: 50 }, (_, i) => http.get(`/v2/repository-${i}/manifests/tag-${i}`)));
    await Promise.all(
      ["PROPFIND", "REPORT", "TRACE"].map((method) =>
        askRaw(berth.port, `${method} /nothing HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`),
      ),
    );
    const page = await debug.get("/metrics");
    expect(page.text).not.toContain("repository-");
    const metrics = new MetricsText(page.text);
    const methods = metrics.valuesOf("registry_http_requests_total", "method");
    expect(methods).toEqual(["delete", "get", "head", "other", "patch", "post", "put"]);
    expect(metrics.find("registry_http_requests_total", { handler: "other", method: "other" })).toBeGreaterThanOrEqual(
      3,
    );
  });

  test("the page says its format and that it is not to be kept", async () => {
    const page = await debug.get("/metrics");
    expect(page.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect((await debug.post("/metrics")).status).toBe(405);
    expect((await new HttpClient(berth.url).get("/metrics")).status).toBe(404);
  });

  const promtool = requireProgram("promtool", "prometheus");
  promtool.describe("promtool", () => {
    test("finds nothing to complain about", async () => {
      const { text } = await debug.get("/metrics");
      const checked = await runProgram(argv`${promtool.path} check metrics`, { input: text });
      expect(checked).toMatchObject({ exitCode: 0, output: "" });
    });
  });
});

describe("an upload under way", () => {
  test("counts as active and in flight until it ends", async () => {
    const berth = await startBerth({ config: { http: { metrics: { enabled: true } } } });
    const http = new HttpClient(berth.url);
    const read = async () => new MetricsText((await http.get("/metrics")).text);
    const location = await startUpload(http, "app");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const sent = http.patch(location, { body: readable });
    await writer.write(new TextEncoder().encode("first bytes"));
    await until("it is active", async () => (await read()).find("berth_uploads_active") === 1);
    expect((await read()).find("registry_http_in_flight_requests", { handler: "blob_upload_chunk" })).toBe(1);
    await writer.close();
    expect((await sent).status).toBe(202);
    expect((await read()).find("berth_uploads_active")).toBe(0);
    await berth.stop();
  });
});

describe("on the main address", () => {
  test("there are none unless they are asked for", async () => {
    const berth = await startBerth();
    expect((await new HttpClient(berth.url).get("/metrics")).status).toBe(404);
    await berth.stop();
  });

  test("they are for those who may use the registry", async () => {
    const berth = await startBerth({
      htpasswd: { alice: "wonderland" },
      config: { http: { metrics: { enabled: true, path: "/figures" } } },
    });
    const refused = await new HttpClient(berth.url).get("/figures");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Basic realm="Test realm"');
    expect(refused.text).not.toContain("registry_http");
    const alice = new HttpClient(berth.url, { authorization: `Basic ${btoa("alice:wonderland")}` });
    const page = await alice.get("/figures");
    expect(page.status).toBe(200);
    expect(new MetricsText(page.text).find("registry_http_requests_total", { code: "401" })).toBe(1);
    expect((await alice.get("/metrics")).status).toBe(404);
    await pushBlob(alice, "app", contentOf("1234"));
    expect(new MetricsText((await alice.get("/figures")).text).find("berth_blob_received_bytes_total")).toBe(4);
    await berth.stop();
  });
});
