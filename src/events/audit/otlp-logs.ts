import type { ActRecord } from "../../metadata/index.ts";
import { auditLine } from "./audit-line.ts";

const SEVERITIES = {
  success: { severityNumber: 9, severityText: "INFO" },
  failure: { severityNumber: 13, severityText: "WARN" },
} as const;

export interface OtlpOrigin {
  /** Of Berth. */
  readonly version: string;
  /** Of this machine. */
  readonly hostname: string;
}

/**
 * Acts as log records of OpenTelemetry, in JSON.
 * @spec OTLP 1.9, "JSON Protobuf Encoding"; OpenTelemetry, "Logs Data Model"
 */
export function otlpLogs(records: readonly ActRecord[], { version, hostname }: OtlpOrigin): object {
  const resource = { "service.name": "berth", "service.version": version, "host.name": hostname };
  return {
    resourceLogs: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeLogs: [{ scope: { name: "berth.audit", version }, logRecords: records.map(logRecord) }],
      },
    ],
  };
}

function logRecord(record: ActRecord): object {
  const { sequence, atMs, act, outcome, actor, address, target, requestId, hash } = record;
  const nanoseconds = `${atMs}000000`;
  const attributes = {
    "user.name": actor,
    "client.address": address,
    "berth.audit.sequence": sequence,
    "berth.audit.outcome": outcome,
    "berth.audit.target": target,
    "berth.audit.hash": hash,
    "berth.request.id": requestId,
  };
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    ...SEVERITIES[outcome],
    eventName: act,
    body: { stringValue: auditLine(record) },
    attributes: attributesOf(attributes),
  };
}

function attributesOf(values: Readonly<Record<string, string | number | null>>): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null) return [];
    // A number of 64 bits is text in this encoding.
    return [{ key, value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value } }];
  });
}
