import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../config/index.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A time such as `2026-11-21T13:00Z`, or so long ago as `24h` or `30d`. In milliseconds since the Unix epoch. */
export function parseTime(text: string): number {
  const agoMs = parseSpan(text);
  const atMs = parseDate(text) ?? (agoMs === undefined ? undefined : Date.now() - agoMs);
  if (atMs !== undefined) return atMs;
  throw new InvalidArgumentError("It is neither a time such as 2026-11-21T13:00Z nor a duration such as 24h.");
}

/** As {@link parseTime}, of what has been: who means a time to come has mistyped it. */
export function parsePastTime(text: string): number {
  const atMs = parseTime(text);
  if (atMs > Date.now()) throw new InvalidArgumentError("That time is to come.");
  return atMs;
}

/** With a year of four digits first: JavaScript takes `1` for a month. */
export function parseDate(text: string): number | undefined {
  const atMs = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** With its unit, for a number alone would be nanoseconds. In milliseconds. */
export function parseSpan(text: string): number | undefined {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * DAY_MS;
  if (!/[a-z]$/.test(text)) return undefined;
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}
