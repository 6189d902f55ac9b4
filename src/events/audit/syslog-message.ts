import type { ActRecord } from "../../metadata/index.ts";
import { auditLine } from "./audit-line.ts";

export interface SyslogOrigin {
  /** The number of RFC 5424. */
  readonly facility: number;
  /** Of this machine. */
  readonly hostname: string;
}

const SEVERITY = { success: 6, failure: 4 } as const;

/** Of documents that give examples; we have none of our own. */
const STRUCTURED_DATA_ID = "berth@32473";

/**
 * An act as a syslog message: what one filters by is structured data, and all of it a line of JSON.
 * @spec RFC 5424, 6
 */
export function syslogMessage(record: ActRecord, { facility, hostname }: SyslogOrigin): string {
  const { atMs, act, outcome } = record;
  const time = new Date(atMs).toISOString();
  const priority = facility * 8 + SEVERITY[outcome];
  return `<${priority}>1 ${time} ${word(hostname, 255)} berth - ${word(act, 32)} ${structuredData(record)} ${auditLine(record)}`;
}

/** `-` stands for what cannot be said. */
function word(text: string, maxLength: number): string {
  return /^[\x21-\x7e]+$/u.test(text) ? text.slice(0, maxLength) : "-";
}

function structuredData(record: ActRecord): string {
  const { sequence, outcome, actor, address, target, requestId, hash } = record;
  const fields = Object.entries({ sequence, outcome, actor, address, target, requestId, hash });
  const parameters = fields.flatMap(([name, value]) => (value === null ? [] : ` ${name}="${escaped(String(value))}"`));
  return `[${STRUCTURED_DATA_ID}${parameters.join("")}]`;
}

/** Names come from whoever tries to sign in. */
function escaped(value: string): string {
  return value.replaceAll(/\p{Cc}/gu, " ").replaceAll(/["\\\]]/gu, (character) => `\\${character}`);
}
