import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Clock, Log, Schedule } from "../../runtime/index.ts";
import type { AuditExportOptions, AuditOptions } from "../options.ts";
import type { AuditExporter } from "./audit-exporter.ts";
import { createFileExporter } from "./file-exporter.ts";
import { followTrail } from "./follow-trail.ts";
import { createOtlpExporter } from "./otlp-exporter.ts";
import { startAuditRetention } from "./retention.ts";
import { createSyslogExporter } from "./syslog-exporter.ts";

export interface AuditParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 to below 1, so that registries do not all begin at once. */
  readonly randomPart: number;
  /** Of this machine. */
  readonly hostname: string;
  /** Of Berth. */
  readonly version: string;
}

/**
 * Sends the audit trail where it is to go, and removes what is old, until it is stopped. Of several processes on one database one
 * does so.
 */
export function startAudit(parts: AuditParts, { retentionMs, exports }: AuditOptions): Schedule {
  const exporters = openExporters(parts, exports);
  const names = exporters.map(({ name }) => name);
  const running = [
    ...exporters.map((exporter) => followTrail(parts, exporter)),
    startAuditRetention(parts, { retentionMs, exporters: names }),
  ];
  return {
    async stop() {
      await Promise.all(running.map((schedule) => schedule.stop()));
    },
  };
}

function openExporters({ log, hostname, version }: AuditParts, exports: AuditExportOptions): readonly AuditExporter[] {
  const { syslog, otlp, file } = exports;
  return [
    ...(syslog ? [createSyslogExporter(syslog, hostname)] : []),
    ...(otlp ? [createOtlpExporter(otlp, { version, hostname }, log)] : []),
    ...(file ? [createFileExporter(file.path)] : []),
  ];
}
