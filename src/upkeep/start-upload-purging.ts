import { findMaintenance, type Registry } from "../registry/index.ts";
import { type Log, type Schedule, startSchedule } from "../runtime/index.ts";
import { purgeUploads } from "./purge-uploads.ts";

/** `storage.maintenance.uploadpurging` of the configuration. */
export interface UploadPurgingOptions {
  readonly enabled: boolean;
  readonly ageMs: number;
  readonly intervalMs: number;
  readonly dryRun: boolean;
}

export interface UploadPurgingParts {
  readonly registry: Registry;
  readonly log: Log;
  /** From 0 to below 1, so that replicas do not all begin at once. */
  readonly randomPart: number;
}

/** The first run waits no longer than this, so that a registry which is restarted every day purges too. */
const LONGEST_FIRST_WAIT_MS = 3_600_000;

/** Removes stale uploads now and then until it is stopped; never, if that is switched off or the registry is read-only. */
export function startUploadPurging(parts: UploadPurgingParts, options: UploadPurgingOptions): Schedule {
  const { registry, log, randomPart } = parts;
  if (!options.enabled || registry.options.readOnly) return { stop: () => Promise.resolve() };
  const { ageMs, intervalMs, dryRun } = options;
  return startSchedule({
    firstAfterMs: randomPart * Math.min(intervalMs, LONGEST_FIRST_WAIT_MS),
    intervalMs,
    run: async (signal) => {
      if (await findMaintenance(registry)) return log.info("stale uploads are not looked for during maintenance");
      const purged = await purgeUploads({ registry, log, ageMs, dryRun, signal });
      log.info("looked for stale uploads", { ...purged, dryRun });
    },
    onError: (error) => log.error("stale uploads could not be removed; the next run tries again", { error }),
  });
}
