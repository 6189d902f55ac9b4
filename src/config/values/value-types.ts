import { z } from "zod";
import { cipherSuiteNames } from "./cipher-suites.ts";
import { parseHostPort } from "./parse-address.ts";
import { parseByteSize } from "./parse-byte-size.ts";
import { parseDuration } from "./parse-duration.ts";
import { parseFlag } from "./parse-flag.ts";
import { parseNetwork } from "./parse-network.ts";
import { parseSyslogAddress } from "./parse-syslog-address.ts";
import { CronTimes, messageOf } from "../../runtime/index.ts";

/** What can stand behind a key: a name for people, and the way from text to a value. */
export interface ValueType<T> {
  readonly name: string;
  readonly schema: z.ZodType<T, string>;
}

/** Makes a value type of a parser that throws an error whose message says what is wrong with the text. */
export function valueType<T>(name: string, parse: (text: string) => T): ValueType<T> {
  const text = z.string({ error: (issue) => (issue.input === undefined ? "is needed" : `must be ${name}`) });
  const schema = text.transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
      return z.NEVER;
    }
  });
  return { name, schema };
}

export const text = valueType("text", (value) => value);
export const path = valueType("a path", (value) => value);

export const flag = valueType("true or false", (value) => {
  const parsed = parseFlag(value);
  if (parsed === undefined) throw new Error(`"${value}" is neither true nor false`);
  return parsed;
});

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return valueType("a whole number", (value) => {
    const number = /^[+-]?\d+$/u.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) throw new Error(`"${value}" is not a whole number`);
    if (number < min) throw new Error(`${value} is too small: the least is ${min}`);
    if (number > max) throw new Error(`${value} is too large: the most is ${max}`);
    return number;
  });
}

const mostProcesses = 64;

/** 1 or more, or the word that leaves it to the program. */
export const countOrAuto = valueType("a whole number or `auto`", (value) => {
  if (value.toLowerCase() === "auto") return "auto";
  const count = /^\d+$/u.test(value) ? Number(value) : Number.NaN;
  if (!(count >= 1 && count <= mostProcesses))
    throw new Error(`"${value}" is neither auto nor a number from 1 to ${mostProcesses}`);
  return count;
});

/** Milliseconds; `minMs` and `maxMs` are inclusive. */
export function durationBetween(minMs: number, maxMs: number): ValueType<number> {
  return valueType("a duration", (value) => {
    const ms = parseDuration(value);
    if (/^[1-9]\d{0,5}$/u.test(value)) throw new Error(`${value} without a unit means nanoseconds; write ${value}s`);
    if (ms < minMs) throw new Error(`"${value}" is too short: the least is ${minMs / 1000}s`);
    if (ms > maxMs) throw new Error(`"${value}" is too long: the most is ${maxMs / 1000}s`);
    return ms;
  });
}

/** Longest first: the timers of the runtime wrap around after 2^31 - 1 milliseconds, near 25 days. */
const longestTimerMs = 24 * 24 * 3_600_000;
export const interval = durationBetween(1, longestTimerMs);
export const timeout = durationBetween(0, longestTimerMs);
export const age = durationBetween(0, Number.MAX_SAFE_INTEGER);

export const cronTimes = valueType("times of the day", (value) => new CronTimes(value).expression);

export const byteSize = valueType("a size", parseByteSize);
export const hostPort = valueType("host:port", parseHostPort);
/** An address to connect to, which names a host. */
export const remoteAddress = valueType("host:port", (value) => {
  const address = parseHostPort(value);
  if (address.hostname === "" || address.port === 0) throw new Error(`"${value}" must name a host and a port`);
  return address;
});

export const syslogAddress = valueType("an address of syslog", parseSyslogAddress);

export const network = valueType("a network", parseNetwork);

export function oneOf<const Word extends string>(...words: readonly Word[]): ValueType<Word> {
  return valueType(words.map((word) => `\`${word}\``).join(", "), (value) => {
    const word = words.find((candidate) => candidate === value.toLowerCase());
    if (word === undefined)
      throw new Error(`"${value}" is ${words.length > 1 ? "none of" : "not"} ${words.join(", ")}`);
    return word;
  });
}

export const webUrl = valueType("an http(s) URL", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`"${withoutUserInfo(value)}" is not a URL that starts with http:// or https://`);
  }
  return value;
});

/** `https://registry.example`, without a slash at the end. */
export const publicHost = valueType("an http(s) URL", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`"${withoutUserInfo(value)}" is not a URL such as https://registry.example`);
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new Error(`"${value}" may only have scheme, host, port and path`);
  }
  return value.replace(/\/+$/u, "");
});

/** A path of a URL with a slash at both ends. */
export const urlPrefix = valueType("a path of a URL", (value) => {
  if (!/^[A-Za-z0-9._~/-]*$/u.test(value)) throw new Error(`"${value}" may only have letters, digits, and . _ ~ - /`);
  return `/${value}/`.replaceAll(/\/+/gu, "/");
});

export const urlPath = valueType("a path of a URL", (value) => {
  if (!/^\/[A-Za-z0-9._~/-]+$/u.test(value)) throw new Error(`"${value}" is not a path such as /metrics`);
  return value;
});

export const pattern = valueType("a regular expression", (value) => {
  // Go writes "in any case" as a prefix, JavaScript as a flag.
  const anyCase = value.startsWith("(?i)");
  try {
    return new RegExp(anyCase ? value.slice("(?i)".length) : value, anyCase ? "i" : "");
  } catch {
    throw new Error(`"${value}" is not a regular expression of JavaScript`);
  }
});

export const headerValue = valueType("text", (value) => {
  if (!/^[\t\x20-\x7e]*$/u.test(value)) throw new Error("may only have printable characters of ASCII");
  return value;
});

export const cipherSuite = valueType("a cipher suite", (value) => {
  const name = Object.hasOwn(cipherSuiteNames, value) ? cipherSuiteNames[value] : undefined;
  if (name === undefined) throw new Error(`"${value}" is not a cipher suite that is offered`);
  return name;
});

export const domainName = valueType("a host name", (value) => {
  if (!/^(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9-]+$/u.test(value)) {
    throw new Error(`"${value}" is not a host name such as registry.example`);
  }
  return value.toLowerCase();
});

/** What is wrong is told, and not the password in it. */
function withoutUserInfo(value: string): string {
  return value.replace(/[^/@\s]+@/u, "***@");
}
