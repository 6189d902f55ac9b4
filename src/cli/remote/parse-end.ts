import { InvalidArgumentError, Option } from "commander";
import { parseDate, parseSpan } from "./parse-time.ts";

/** A time to come, as `2027-01-31`, `90d` or `12h`; `never` is `null`. For the API, as it writes times. */
export function parseEnd(text: string): string | null {
  if (text === "never") return null;
  const spanMs = parseSpan(text);
  const atMs = parseDate(text) ?? (spanMs === undefined ? undefined : Date.now() + spanMs);
  if (atMs !== undefined) return new Date(atMs).toISOString();
  throw new InvalidArgumentError("It is neither a time such as 2027-01-31, nor a duration such as 90d, nor never.");
}

/** Of what holds for good unless somebody says otherwise. */
export const END_OPTION = ["--expires <time>", "when it ends: 90d, 2027-01-31 or never (default)", parseEnd] as const;

/** For commands that make a token. */
export function tokenEndOption(): Option {
  const option = new Option("--expires <time>", "when the token ends: 90d, 2027-01-31 or never");
  return option.argParser(parseEnd).default(parseEnd("90d"), "90d");
}
