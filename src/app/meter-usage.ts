import { type RequestRecord, sentBodyBytes } from "../http/index.ts";
import { isIndexType } from "../oci/index.ts";
import type { UsageMeter } from "../upkeep/index.ts";

/** Tells the meter what a request moved, if it moved something of a repository. */
export function meterUsage(meter: UsageMeter, record: RequestRecord): void {
  const { handler, method, status, repository, receivedBytes, user = "" } = record;
  if (repository === undefined) return;
  const at = { repository, principal: user };
  // Of an upload that is cut what came is kept, and the client goes on from there.
  if (receivedBytes > 0) return meter.note({ ...at, ...NOTHING, receivedBytes });
  if (status >= 300 && status !== 304) return;
  if (handler === "manifest" && (method === "HEAD" || (method === "GET" && status === 304)))
    return meter.note({ ...at, ...NOTHING, checkedReference: record.reference });
  if (status === 304) return;
  if (handler === "blob" && method === "GET") {
    const sentBytes = sentBodyBytes(record);
    meter.note({ ...at, ...NOTHING, sentBytes });
    if (sentBytes >= CUT_FROM_BYTES) record.whenCut(() => meter.note({ ...at, ...NOTHING, cutBytes: sentBytes }));
  } else if (handler === "manifest" && method === "PUT") {
    meter.note({ ...at, ...NOTHING, pushes: 1, receivedBytes: record.requestBytes });
  } else if (handler === "manifest" && method === "GET") {
    // Whoever pulls an image of several platforms asks for the index first, and then for the one.
    const pulls = isIndexType(record.responseContentType) ? 0 : 1;
    meter.note({ ...at, ...NOTHING, pulls, sentBytes: sentBodyBytes(record), pulledReference: record.reference });
  }
}

/** Less than that is with the kernel before anybody could hang up, and not worth to be watched. */
const CUT_FROM_BYTES = 4 * 2 ** 20;
const NOTHING = { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0 } as const;
