import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../config/index.ts";

/** A time such as `2026-11-21T13:00Z`, or so long ago as `24h`. In milliseconds since the Unix epoch. */
export function parseTime(text: string): number {
  const atMs = Date.parse(text);
  if (!Number.isNaN(atMs)) return atMs;
  try {
    return Date.now() - parseDuration(text);
  } catch {
    throw new InvalidArgumentError("It is neither a time such as 2026-11-21T13:00Z nor a duration such as 24h.");
  }
}
