import { afterEach, beforeEach, expect, test } from "bun:test";
import { meterUsage } from "../../../src/app/meter-usage.ts";
import type { RequestRecord } from "../../../src/http/index.ts";
import { listUsage } from "../../../src/metadata/index.ts";
import { UsageMeter } from "../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import { logTo } from "../http/health/log-to.ts";
import { recordOf } from "../http/observation/record-of.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

const chunk = { handler: "blob_upload_chunk", method: "PATCH", requestBytes: 900 } as const;
const LARGE = 10 * 2 ** 20;
const large = { handler: "blob", method: "GET", status: 200, responseBytes: LARGE } as const;
const rows: readonly [string, Partial<RequestRecord>, object][] = [
  ["a chunk", { ...chunk, status: 202, receivedBytes: 900 }, { receivedBytes: 900 }],
  ["a chunk that is cut, as far as it came", { ...chunk, status: 400, receivedBytes: 300 }, { receivedBytes: 300 }],
  ["a chunk that is refused before its bytes come", { ...chunk, status: 416, receivedBytes: 0 }, {}],
  [
    "the end of an upload that is refused",
    { handler: "blob_upload_chunk", method: "PUT", status: 403, receivedBytes: 7 },
    { receivedBytes: 7 },
  ],
  ["a manifest", { handler: "manifest", method: "PUT", status: 201, requestBytes: 5 }, { pushes: 1, receivedBytes: 5 }],
  ["a manifest that is refused", { handler: "manifest", method: "PUT", status: 403, requestBytes: 5 }, {}],
  ["a blob", { handler: "blob", method: "GET", status: 200, responseBytes: 8 }, { sentBytes: 8 }],
  ["a large blob that is cut", { ...large, whenCut: (tell) => tell() }, { sentBytes: LARGE, cutBytes: LARGE }],
  ["a large blob that is not", large, { sentBytes: LARGE }],
  ["a blob that is not there", { handler: "blob", method: "GET", status: 404, responseBytes: 8 }, {}],
];

test.each(rows)("%s", async (_, changes, moved) => {
  const { metadata, clock } = memory.registry;
  const meter = new UsageMeter({ metadata, clock, log: logTo([]) });
  meterUsage(meter, recordOf({ repository: "team/app", ...changes }));
  await meter.stop();
  const all = { node: "", fromDay: "1970-01-01", toDay: "1970-12-31", by: [], limit: 1 };
  const [sum] = await listUsage(metadata.reads, all);
  expect(sum).toMatchObject({ pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0, ...moved });
});
