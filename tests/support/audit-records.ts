import type { ActRecord } from "../../src/metadata/index.ts";

/** A row as it comes out of the audit trail. */
export function auditRecord(sequence: number, more: Partial<ActRecord> = {}): ActRecord {
  return {
    sequence,
    atMs: Date.UTC(2026, 10, 21, 13, 0, 0, sequence),
    act: "tag.move",
    outcome: "success",
    actor: "alice",
    address: "10.0.0.1",
    target: "team/app",
    requestId: `request-${sequence}`,
    detail: '{"tag":"v1"}',
    hash: sequence.toString(16).padStart(64, "0"),
    ...more,
  };
}

export function auditRecords(first: number, last: number): readonly ActRecord[] {
  return Array.from({ length: last - first + 1 }, (_, index) => auditRecord(first + index));
}
