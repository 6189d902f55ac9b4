import type { RequestRecord } from "../../../../src/http/request-record.ts";

/** A finished `GET /v2/` of curl, with what the test wants otherwise. */
export function recordOf(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: "04b2d33b",
    startedAtMs: Date.UTC(2026, 10, 21, 3, 36, 21, 999),
    durationMs: 5.0671,
    method: "GET",
    target: "/v2/",
    httpVersion: "HTTP/1.1",
    host: "127.0.0.1:5000",
    remoteAddress: "127.0.0.1",
    userAgent: "curl/8",
    referer: "",
    handler: "base",
    status: 200,
    requestBytes: 0,
    receivedBytes: 0,
    responseBytes: 2,
    responseContentType: "application/json",
    whenCut: () => undefined,
    ...changes,
  };
}
