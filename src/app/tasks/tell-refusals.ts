import { type QuotaWatchParts, QuotaWatch } from "../../upkeep/index.ts";

/** Tells, in the audit trail, of what a command was refused because of quotas; the command itself tells it to who has typed it. */
export async function tellRefusals(registry: QuotaWatchParts["registry"]): Promise<void> {
  if (registry.quotaRefusals.untold().length === 0) return;
  await new QuotaWatch({ registry, log: { warn: () => undefined } }).tellRefusals();
}
