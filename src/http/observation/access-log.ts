import { type RequestRecord, sentBodyBytes } from "../request-record.ts";
import { maskTarget } from "./mask-target.ts";

/** Writes down one finished request. */
export type AccessLog = (record: RequestRecord) => void;

/** Where the lines go, each without its end. */
export interface AccessLogOptions {
  write(line: string): void;
}

/**
 * Keeps the access log as registry:2 does, in Apache's combined format and with the time of the request's start; the name
 * of the user is written where registry:2 writes `-`, times are UTC whatever the machine's zone.
 */
export function createAccessLog(options: AccessLogOptions): AccessLog {
  const formatTime = createTimeFormat();
  return (record) => {
    const request = `${escapeQuoted(record.method)} ${escapeQuoted(maskTarget(record.target))} ${record.httpVersion}`;
    options.write(
      `${record.remoteAddress} - ${formatUser(record.user)} [${formatTime(record.startedAtMs)}] "${request}" ` +
        `${record.status} ${sentBodyBytes(record)} ` +
        `"${escapeQuoted(maskTarget(record.referer))}" "${escapeQuoted(record.userAgent)}"`,
    );
  };
}

function formatUser(user: string | undefined): string {
  return user === undefined || user === "" ? "-" : escapeQuoted(user).replaceAll(" ", String.raw`\x20`);
}

const PLAIN = /^[ !#-[\]-~]*$/;
const NEEDS_ESCAPE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  "\\": String.raw`\\`,
  "\u0007": String.raw`\a`,
  "\b": String.raw`\b`,
  "\f": String.raw`\f`,
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
  "\v": String.raw`\v`,
};

/** Escapes as Go quotes: what is printable in any language stays, so that a line cannot be ended or forged. */
function escapeQuoted(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(NEEDS_ESCAPE, (char) => SHORT_ESCAPES[char] ?? escapeChar(char));
}

function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `21/Nov/2026:03:36:21 +0000`; the text of the last second is kept, as thousands of lines may fall into one. */
function createTimeFormat(): (atMs: number) => string {
  let lastSecond = Number.NaN;
  let text = "";
  return (atMs) => {
    const second = Math.floor(atMs / 1000);
    if (second === lastSecond) return text;
    lastSecond = second;
    const at = new Date(second * 1000);
    const day = String(at.getUTCDate()).padStart(2, "0");
    text = `${day}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
    return text;
  };
}
