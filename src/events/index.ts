/**
 * Tells others what happened: sends the audit trail to where a company gathers such things. It reads what other rooms have recorded
 * in their transactions, in its own time, and decides nothing.
 */
export type { AuditExporter } from "./audit/audit-exporter.ts";
export { auditLine } from "./audit/audit-line.ts";
export { countUnsent } from "./audit/count-unsent.ts";
export { startAudit } from "./audit/start-audit.ts";
export type { SyslogAddress, SyslogOptions } from "./options.ts";
