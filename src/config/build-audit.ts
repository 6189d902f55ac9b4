import type { AuditOptions, OtlpOptions, SyslogOptions } from "../events/options.ts";
import { type Settings, syslogFacilities } from "./keys/index.ts";

type ExportSettings = Settings["audit"]["exports"];

export function buildAudit({ enabled = false, retention, exports }: Settings["audit"]): AuditOptions {
  return {
    enabled,
    retentionMs: retention,
    exports: {
      syslog: exports.syslog && buildSyslog(exports.syslog),
      otlp: exports.otlp && buildOtlp(exports.otlp),
      file: exports.file && { path: exports.file.path },
    },
  };
}

function buildSyslog(syslog: NonNullable<ExportSettings["syslog"]>): SyslogOptions {
  const { address, facility, ca, certificate, key } = syslog;
  return {
    address,
    facility: syslogFacilities[facility],
    caPath: ca,
    certificatePath: certificate,
    keyPath: key,
  };
}

function buildOtlp({ endpoint, headers }: NonNullable<ExportSettings["otlp"]>): OtlpOptions {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/logs";
  const joined = Object.entries(headers).map(([name, values]) => [name, values.join(", ")]);
  return { endpoint: url.href, headers: Object.fromEntries(joined) as Record<string, string> };
}
