import type { ActRecord } from "../../metadata/index.ts";

/** An act as a line of JSON, without the end of the line: what exports are made of. */
export function auditLine(record: ActRecord): string {
  const { sequence, atMs, act, outcome, actor, address, target, requestId, detail, hash } = record;
  const time = new Date(atMs).toISOString();
  return JSON.stringify({
    sequence,
    time,
    act,
    outcome,
    actor,
    address,
    target,
    requestId,
    detail: detail === null ? null : parsedOrText(detail),
    hash,
  });
}

/** What somebody has put into the row by hand is told as it is. */
function parsedOrText(detail: string): unknown {
  try {
    return JSON.parse(detail);
  } catch {
    return detail;
  }
}
