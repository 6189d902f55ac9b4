import type { Registry } from "prom-client";
import { type RequestRecord, sentBodyBytes } from "../request-record.ts";
import { ENDPOINT_NAMES } from "../v2/match-route.ts";
import { CounterTally, HistogramTally, type Observer } from "./tally.ts";

const HANDLERS = [...Object.values(ENDPOINT_NAMES).map(({ metric }) => metric), "other"];
const METHODS = new Map(
  ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"].map((method) => [method, method.toLowerCase()]),
);

/** registry:2's from 5 ms on, so that a query that names one goes on working. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
/** 1 KiB to 2 GiB by powers of two, as registry:2. */
const SIZE_BUCKETS = Array.from({ length: 22 }, (_, i) => 2 ** (10 + i));

interface RouteCells {
  readonly duration: Observer;
  readonly requestSize: Observer;
  readonly responseSize: Observer;
  readonly byStatus: Map<number, { value: number }>;
}

/** registry:2's `registry_http_*` metrics and the bytes of blobs. Labels have few values, whatever a client sends. */
export class RequestMetrics {
  readonly #requests: CounterTally;
  readonly #inFlight: CounterTally;
  readonly #duration: HistogramTally;
  readonly #requestSize: HistogramTally;
  readonly #responseSize: HistogramTally;
  readonly #blobReceived: { value: number };
  readonly #blobSent: { value: number };
  readonly #routes = new Map<string, Map<string, RouteCells>>();
  readonly #inFlightCells = new Map<string, { value: number }>();

  constructor(registry: Registry) {
    this.#inFlight = inFlightTally(registry);
    this.#requests = requestTally(registry);
    this.#duration = durationTally(registry);
    this.#requestSize = sizeTally(registry, "registry_http_request_size_bytes", "The HTTP request sizes in bytes.");
    this.#responseSize = sizeTally(registry, "registry_http_response_size_bytes", "The HTTP response sizes in bytes.");
    this.#blobReceived = counter(
      registry,
      "berth_blob_received_bytes_total",
      "Bytes of blobs that clients sent, also in uploads that were cut.",
    );
    this.#blobSent = counter(registry, "berth_blob_sent_bytes_total", "Bytes of blobs that clients pulled.");
    for (const handler of HANDLERS) {
      this.#routes.set(handler, new Map());
      this.#inFlightCells.set(handler, this.#inFlight.cell(handler));
    }
  }

  addInFlight(handler: string, change: 1 | -1): void {
    const cell = this.#inFlightCells.get(handler) ?? this.#inFlight.cell("other");
    cell.value += change;
  }

  observe(record: RequestRecord): void {
    const route = this.#routes.has(record.handler) ? record.handler : "other";
    const method = METHODS.get(record.method) ?? "other";
    const cells = this.#routes.get(route)?.get(method) ?? this.#addCells(route, method);
    const sentBytes = sentBodyBytes(record);
    cells.duration.observe(record.durationMs / 1000);
    cells.requestSize.observe(record.requestBytes);
    cells.responseSize.observe(sentBytes);
    const requests = cells.byStatus.get(record.status) ?? this.#addStatus(cells, route, method, record.status);
    requests.value += 1;
    this.#blobReceived.value += record.receivedBytes;
    if (route === "blob" && record.status < 300) this.#blobSent.value += sentBytes;
  }

  #addCells(route: string, method: string): RouteCells {
    const cells: RouteCells = {
      duration: this.#duration.cell(route, method),
      requestSize: this.#requestSize.cell(route),
      responseSize: this.#responseSize.cell(route),
      byStatus: new Map(),
    };
    this.#routes.get(route)?.set(method, cells);
    return cells;
  }

  #addStatus(cells: RouteCells, route: string, method: string, status: number): { value: number } {
    const cell = this.#requests.cell(route, String(status), method);
    cells.byStatus.set(status, cell);
    return cell;
  }
}

function inFlightTally(registry: Registry): CounterTally {
  return new CounterTally(registry, "gauge", {
    name: "registry_http_in_flight_requests",
    help: "The in-flight HTTP requests",
    labelNames: ["handler"],
  });
}

function requestTally(registry: Registry): CounterTally {
  return new CounterTally(registry, "counter", {
    name: "registry_http_requests_total",
    help: "Total number of HTTP requests made.",
    labelNames: ["handler", "code", "method"],
  });
}

function durationTally(registry: Registry): HistogramTally {
  return new HistogramTally(registry, {
    name: "registry_http_request_duration_seconds",
    help: "The HTTP request latencies in seconds.",
    labelNames: ["handler", "method"],
    buckets: DURATION_BUCKETS,
  });
}

function sizeTally(registry: Registry, name: string, help: string): HistogramTally {
  return new HistogramTally(registry, { name, help, labelNames: ["handler"], buckets: SIZE_BUCKETS });
}

function counter(registry: Registry, name: string, help: string): { value: number } {
  return new CounterTally(registry, "counter", { name, help }).cell();
}
