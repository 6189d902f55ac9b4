import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../config/index.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A time to come, as `2027-01-31`, `90d` or `12h`; `never` is `null`. For the API, as it writes times. */
export function parseEnd(text: string): string | null {
  if (text === "never") return null;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return new Date(Date.now() + Number(days) * DAY_MS).toISOString();
  const atMs = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return new Date(atMs).toISOString();
  try {
    // A number alone would be nanoseconds.
    if (!/[a-z]$/.test(text)) throw new RangeError("no unit");
    return new Date(Date.now() + parseDuration(text)).toISOString();
  } catch {
    throw new InvalidArgumentError("It is neither a time such as 2027-01-31, nor a duration such as 90d, nor never.");
  }
}

/** Of what holds for good unless somebody says otherwise. */
export const END_OPTION = ["--expires <time>", "when it ends: 90d, 2027-01-31 or never (default)", parseEnd] as const;

/** For commands that make a token. */
export function tokenEndOption(): Option {
  const option = new Option("--expires <time>", "when the token ends: 90d, 2027-01-31 or never");
  return option.argParser(parseEnd).default(parseEnd("90d"), "90d");
}
