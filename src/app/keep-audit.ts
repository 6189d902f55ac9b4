import { hostname } from "node:os";
import type { Config } from "../config/index.ts";
import { startAudit } from "../events/index.ts";
import type { MetadataDatabase } from "../metadata/index.ts";
import type { ProcessPlace } from "../processes/index.ts";
import { type Closers, type Log, systemClock } from "../runtime/index.ts";
import { VERSION } from "./version.ts";

interface AuditParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly place: ProcessPlace | undefined;
}

/** Sends the audit trail where the configuration says, and removes what is old. The first of several processes does it for all. */
export async function keepAudit(config: Config, { metadata, log, place }: AuditParts, closers: Closers): Promise<void> {
  if (place && place.index > 0) return;
  const surroundings = { clock: systemClock, randomPart: Math.random(), hostname: hostname(), version: VERSION };
  const kept = await startAudit({ metadata, log, ...surroundings }, config.audit);
  closers.add(() => kept.stop());
}
