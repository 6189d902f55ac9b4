import type { z } from "zod";
import type { Secret } from "../../../access/index.ts";
import type { secret } from "../schemas/people.ts";
import { timeOf, timeOrNull } from "../schemas/words.ts";

export function showSecret({ id, name, limits, ...times }: Secret): z.input<typeof secret> {
  return {
    id,
    name,
    limits: limits as z.input<typeof secret>["limits"],
    createdAt: timeOf(times.createdAtMs),
    expiresAt: timeOrNull(times.expiresAtMs),
    lastUsedAt: timeOrNull(times.lastUsedAtMs),
  };
}
