import { hostname } from "node:os";
import type { Config } from "../config/index.ts";
import { countUnsent, startAudit } from "../events/index.ts";
import type { Metrics } from "../http/index.ts";
import type { MetadataDatabase } from "../metadata/index.ts";
import type { ProcessPlace } from "../processes/index.ts";
import { type Closers, type Log, systemClock } from "../runtime/index.ts";
import { VERSION } from "./version.ts";

interface AuditParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly place: ProcessPlace | undefined;
}

/** Sends the audit trail where the configuration says, and removes what is old. The first of several processes does it for all. */
export async function keepAudit(
  config: Config,
  { metadata, log, metrics, place }: AuditParts,
  closers: Closers,
): Promise<void> {
  if (place && place.index > 0) return;
  const surroundings = { clock: systemClock, randomPart: Math.random(), hostname: hostname(), version: VERSION };
  const kept = await startAudit({ metadata, log, ...surroundings }, config.audit);
  closers.add(() => kept.stop());
  metrics.addReading({
    name: "berth_audit_unsent",
    help: "Acts of the audit trail that an exporter has not sent yet.",
    type: "gauge",
    labelName: "exporter",
    read: () => countUnsent(metadata.reads, config.audit.exports),
  });
}
