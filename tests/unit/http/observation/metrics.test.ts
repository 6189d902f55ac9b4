import { afterEach, describe, expect, test } from "bun:test";
import { createMetrics, type Metrics } from "../../../../src/http/observation/metrics.ts";
import { requireProgram } from "../../../support/require-program.ts";
import { recordOf } from "./record-of.ts";

const opened: Metrics[] = [];
afterEach(() => opened.splice(0).forEach((metrics) => metrics.close()));

function open(): Metrics {
  const metrics = createMetrics({
    version: "1.2.3",
    revision: "abc",
    startedAtMs: 1_700_000_000_500,
    stopwatchMs: () => 0,
  });
  opened.push(metrics);
  return metrics;
}

/** The samples as a map from name with labels to value. */
async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  const { body } = await metrics.render();
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

test("is Prometheus' text format", async () => {
  const { contentType, body } = await open().render();
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(body).toContain("# TYPE registry_http_requests_total counter\n");
  expect(body).toContain('berth_build_info{version="1.2.3",revision="abc",bun="');
});

describe("a finished request", () => {
  test("is in registry:2's metrics", async () => {
    const metrics = open();
    metrics.observe(recordOf({ handler: "manifest", method: "GET", status: 200, durationMs: 30, responseBytes: 1500 }));
    metrics.observe(
      recordOf({ handler: "manifest", method: "GET", status: 404, durationMs: 2000, responseBytes: 1024 }),
    );
    metrics.observe(recordOf({ handler: "manifest", method: "PUT", status: 201, durationMs: 5, requestBytes: 3000 }));
    const samples = await scrape(metrics);
    expect(samples.get('registry_http_requests_total{handler="manifest",code="200",method="get"}')).toBe(1);
    expect(samples.get('registry_http_requests_total{handler="manifest",code="404",method="get"}')).toBe(1);
    expect(samples.get('registry_http_requests_total{handler="manifest",code="201",method="put"}')).toBe(1);
    const duration = "registry_http_request_duration_seconds";
    expect(samples.get(`${duration}_bucket{handler="manifest",method="get",le="0.025"}`)).toBe(0);
    expect(samples.get(`${duration}_bucket{handler="manifest",method="get",le="0.05"}`)).toBe(1);
    expect(samples.get(`${duration}_bucket{handler="manifest",method="get",le="60"}`)).toBe(2);
    expect(samples.get(`${duration}_bucket{handler="manifest",method="get",le="+Inf"}`)).toBe(2);
    expect(samples.get(`${duration}_sum{handler="manifest",method="get"}`)).toBeCloseTo(2.03);
    expect(samples.get(`${duration}_count{handler="manifest",method="get"}`)).toBe(2);
    expect(samples.get(`${duration}_bucket{handler="manifest",method="put",le="0.005"}`)).toBe(1);
    expect(samples.get('registry_http_response_size_bytes_bucket{handler="manifest",le="1024"}')).toBe(2);
    expect(samples.get('registry_http_response_size_bytes_count{handler="manifest"}')).toBe(3);
    expect(samples.get('registry_http_request_size_bytes_sum{handler="manifest"}')).toBe(3000);
  });

  test("adds to the bytes of blobs when it moved some", async () => {
    const metrics = open();
    metrics.observe(recordOf({ handler: "blob", method: "GET", status: 200, responseBytes: 1000 }));
    metrics.observe(recordOf({ handler: "blob", method: "GET", status: 206, responseBytes: 10 }));
    metrics.observe(recordOf({ handler: "blob", method: "HEAD", status: 200, responseBytes: 1000 }));
    metrics.observe(recordOf({ handler: "blob", method: "GET", status: 404, responseBytes: 90 }));
    metrics.observe(
      recordOf({ handler: "blob_upload", method: "POST", status: 201, receivedBytes: 5, responseBytes: 0 }),
    );
    metrics.observe(recordOf({ handler: "blob_upload_chunk", method: "PATCH", status: 202, receivedBytes: 70 }));
    metrics.observe(recordOf({ handler: "blob_upload_chunk", method: "PATCH", status: 416, requestBytes: 900 }));
    // It was cut, and what came is kept.
    metrics.observe(recordOf({ handler: "blob_upload_chunk", method: "PATCH", status: 400, receivedBytes: 300 }));
    const samples = await scrape(metrics);
    expect(samples.get("berth_blob_sent_bytes_total")).toBe(1010);
    expect(samples.get("berth_blob_received_bytes_total")).toBe(375);
  });

  test("does not make a label of what a client invents", async () => {
    const metrics = open();
    for (let i = 0; i < 50; i++) metrics.observe(recordOf({ method: `M${i}`, handler: `h${i}` }));
    const samples = await scrape(metrics);
    expect(samples.get('registry_http_requests_total{handler="other",code="200",method="other"}')).toBe(50);
    expect([...samples.keys()].filter((name) => name.startsWith("registry_http_requests_total"))).toHaveLength(1);
  });
});

test("requests in flight are counted by handler, and every handler is there from the start", async () => {
  const metrics = open();
  metrics.requestStarted("blob");
  metrics.requestStarted("blob");
  metrics.requestFinished("blob");
  const samples = await scrape(metrics);
  expect(samples.get('registry_http_in_flight_requests{handler="blob"}')).toBe(1);
  for (const handler of ["base", "manifest", "tags", "blob_upload", "blob_upload_chunk", "catalog"])
    expect(samples.get(`registry_http_in_flight_requests{handler="${handler}"}`)).toBe(0);
});

test("the process is there under the names of Go programs", async () => {
  const samples = await scrape(open());
  expect(samples.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(samples.get("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(samples.get("process_start_time_seconds")).toBe(1_700_000_000.5);
  if (process.platform === "linux") expect(samples.get("process_open_fds")).toBeGreaterThan(2);
});

test("database operations and readings of others", async () => {
  const metrics = open();
  metrics.databaseOperation("commit").observe(0.002);
  metrics.addReading({ name: "berth_uploads_active", help: "Uploads.", type: "gauge", read: () => Promise.resolve(3) });
  const samples = await scrape(metrics);
  expect(samples.get('berth_database_operation_seconds_bucket{operation="commit",le="0.0025"}')).toBe(1);
  expect(samples.get('berth_database_operation_seconds_bucket{operation="commit",le="0.001"}')).toBe(0);
  expect(samples.get("berth_uploads_active")).toBe(3);
});

test("a reading has values by one label, or by labels of their own", async () => {
  const metrics = open();
  const base = { help: "Jobs.", type: "gauge" } as const;
  metrics.addReading({ ...base, name: "berth_by_state", labelName: "state", read: () => ({ waiting: 1, running: 2 }) });
  const read = () => [
    { labels: { kind: "gc", state: "waiting" }, value: 3 },
    { labels: { kind: "scrub", state: "running" }, value: 4 },
  ];
  metrics.addReading({ ...base, name: "berth_by_both", labels: { host: "a" }, read });
  metrics.addReading({ ...base, name: "berth_of_none", read: () => [] });
  const samples = await scrape(metrics);
  expect(samples.get('berth_by_state{state="running"}')).toBe(2);
  expect(samples.get('berth_by_both{host="a",kind="gc",state="waiting"}')).toBe(3);
  expect(samples.get('berth_by_both{host="a",kind="scrub",state="running"}')).toBe(4);
  expect([...samples.keys()].filter((name) => name.startsWith("berth_of_none"))).toEqual([]);
});

test("a reading that fails leaves out itself and nothing else", async () => {
  const metrics = open();
  const read = () => Promise.reject(new Error("the database is gone"));
  metrics.addReading({ name: "berth_broken", help: "Broken.", type: "gauge", read });
  const samples = await scrape(metrics);
  expect(samples.has("berth_broken")).toBeFalse();
  expect(samples.get('registry_http_in_flight_requests{handler="blob"}')).toBe(0);
});

test("labels are escaped", async () => {
  const metrics = open();
  metrics.storageAction('file"\\\n', "Stat").observe(1);
  expect((await metrics.render()).body).toContain(String.raw`{driver="file\"\\\n",action="Stat",le="5"} 1`);
});

const promtool = requireProgram("promtool", "prometheus");

promtool.describe("promtool", () => {
  test("has nothing to say against the metrics", async () => {
    const metrics = open();
    metrics.observe(recordOf());
    metrics.requestStarted("blob");
    metrics.storageAction("filesystem", "Stat").observe(0.1);
    metrics.storageAction("filesystem", "Stat").countFailure();
    metrics.databaseOperation("commit").observe(0.1);
    const { body } = await metrics.render();
    const child = Bun.spawn([promtool.path, "check", "metrics"], {
      stdin: new Blob([body]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    expect(said).toBe("");
    expect(await child.exited).toBe(0);
  });
});
