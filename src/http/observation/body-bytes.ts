import type { RequestRecord } from "../request-record.ts";

/** How many bytes of body the answer had: the ones that it announces are not sent for `HEAD`, nor with 204 and 304. */
export function sentBodyBytes(record: RequestRecord): number {
  const isEmpty = record.method === "HEAD" || record.status === 204 || record.status === 304;
  return isEmpty ? 0 : record.responseBytes;
}
