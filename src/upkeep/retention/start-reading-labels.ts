import { readExpiryLabels, type Registry } from "../../registry/index.ts";
import { type Log, type Schedule, startSchedule } from "../../runtime/index.ts";

export interface LabelReadingParts {
  readonly registry: Pick<Registry, "metadata" | "storage" | "options">;
  readonly log: Log;
  /** Instead of some seconds; for tests. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
/** Nobody waits for it: what more was pushed meanwhile has its turn later, or when retention runs. */
const AT_ONCE = 50;

/** Reads soon after a push what the labels of its image say of its tags, until it is stopped; never where the registry is read-only. */
export function startReadingLabels({ registry, log, everyMs = EVERY_MS }: LabelReadingParts): Schedule {
  if (registry.options.readOnly) return { stop: () => Promise.resolve() };
  return startSchedule({
    firstAfterMs: everyMs,
    intervalMs: everyMs,
    async run() {
      await readExpiryLabels(registry, AT_ONCE);
    },
    onError: (error) => log.warn("labels of images could not be read; it is tried again", { error }),
  });
}
