import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Clock, Log, Schedule } from "../../runtime/index.ts";
import type { AuditExportOptions, AuditOptions, SyslogOptions } from "../options.ts";
import type { AuditExporter } from "./audit-exporter.ts";
import { createFileExporter } from "./file-exporter.ts";
import { followTrail } from "./follow-trail.ts";
import { createOtlpExporter } from "./otlp-exporter.ts";
import { startAuditRetention } from "./retention.ts";

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
export async function startAudit(parts: AuditParts, { retentionMs, exports }: AuditOptions): Promise<Schedule> {
  const exporters = await openExporters(parts, exports);
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

async function openExporters(
  { log, hostname, version }: AuditParts,
  { syslog, otlp, file }: AuditExportOptions,
): Promise<readonly AuditExporter[]> {
  const exporters: AuditExporter[] = [];
  if (syslog) exporters.push(await openSyslog(syslog, hostname));
  if (otlp) exporters.push(createOtlpExporter(otlp, { version, hostname }, log));
  if (file) exporters.push(createFileExporter(file.path));
  return exporters;
}

/** Its modules of Node take 10 ms of a start, and few need them. */
async function openSyslog(options: SyslogOptions, hostname: string): Promise<AuditExporter> {
  const { createSyslogExporter } = await import("./syslog-exporter.ts");
  return createSyslogExporter(options, hostname);
}
