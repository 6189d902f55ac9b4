import type { LogFields, LogLevel } from "./log.ts";
import { plainValue, type PlainValue } from "./log-value.ts";

/** `text` is logrus' `key=value`, `json` one object a line, `logstash` the same with that program's names. */
export type LogFormatter = "text" | "json" | "logstash";

/** One line without its end, of an instant in milliseconds since the epoch; later fields win over `bound` ones. */
export type FormatLine = (
  atMs: number,
  level: LogLevel,
  message: string,
  bound: LogFields,
  fields: LogFields | undefined,
) => string;

export function lineFormat(formatter: LogFormatter): FormatLine {
  if (formatter === "text") return formatTextLine;
  return formatter === "json" ? formatJsonLine : formatLogstashLine;
}

const TEXT_RESERVED = new Set(["time", "level", "msg"]);
const LOGSTASH_RESERVED = new Set(["@timestamp", "@version", "level", "message"]);

/** The names of levels in registry:2's logs. */
const LEVEL_TEXT: Record<LogLevel, string> = { debug: "debug", info: "info", warn: "warning", error: "error" };

const formatTextLine: FormatLine = (atMs, level, message, bound, fields) => {
  let line = `time="${isoTime(atMs)}" level=${LEVEL_TEXT[level]} msg=${quoteText(message)}`;
  for (const name in bound) {
    if (fields === undefined || fields[name] === undefined) line += textField(name, bound[name]);
  }
  for (const name in fields) line += textField(name, fields[name]);
  return line;
};

function textField(name: string, value: unknown): string {
  if (value === undefined) return "";
  const key = TEXT_RESERVED.has(name) ? `fields.${name}` : quoteName(name);
  const plain = plainValue(name, value);
  return ` ${key}=${typeof plain === "string" ? quoteText(plain) : plainText(plain)}`;
}

function plainText(value: Exclude<PlainValue, string>): string {
  return typeof value === "object" && value !== null ? quoteText(JSON.stringify(value)) : String(value);
}

const BARE = /^[\w\-./@^+]*$/;
const PRINTABLE = /^[ !#-[\]-~]*$/;

/** As logrus: bare when nothing in it needs care, else in quotes with everything escaped that is no printable character. */
function quoteText(text: string): string {
  if (BARE.test(text)) return text;
  return PRINTABLE.test(text) ? `"${text}"` : escapeInvisible(JSON.stringify(text));
}

function quoteName(name: string): string {
  return BARE.test(name) ? name : name.replaceAll(/[^\w\-./@^+]/g, "_");
}

const formatJsonLine: FormatLine = (atMs, level, message, bound, fields) => {
  const line: Record<string, PlainValue> = { time: isoTime(atMs), level: LEVEL_TEXT[level], msg: message };
  addFields(line, bound, TEXT_RESERVED);
  addFields(line, fields, TEXT_RESERVED);
  return escapeInvisible(JSON.stringify(line));
};

const formatLogstashLine: FormatLine = (atMs, level, message, bound, fields) => {
  const line: Record<string, PlainValue> = {
    "@timestamp": isoTime(atMs),
    "@version": "1",
    level: LEVEL_TEXT[level],
    message,
  };
  addFields(line, bound, LOGSTASH_RESERVED);
  addFields(line, fields, LOGSTASH_RESERVED);
  return escapeInvisible(JSON.stringify(line));
};

function addFields(
  line: Record<string, PlainValue>,
  fields: LogFields | undefined,
  reserved: ReadonlySet<string>,
): void {
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) line[reserved.has(name) ? `fields.${name}` : name] = plainValue(name, value);
  }
}

// What JSON leaves as it is though it moves a terminal's cursor, ends a line or turns the direction of writing.
const INVISIBLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const EVERY_INVISIBLE = new RegExp(INVISIBLE, "g");

function escapeInvisible(text: string): string {
  if (!INVISIBLE.test(text)) return text;
  return text.replaceAll(EVERY_INVISIBLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

let lastTimeMs = Number.NaN;
let lastTime = "";

/** Lines come by the dozen in a millisecond, and writing out a date is a large part of a line's cost. */
function isoTime(atMs: number): string {
  if (atMs !== lastTimeMs) {
    lastTimeMs = atMs;
    lastTime = new Date(atMs).toISOString();
  }
  return lastTime;
}
