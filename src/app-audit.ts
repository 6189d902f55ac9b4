import { hostname } from "node:os";
import type { Config } from "./config/index.ts";
import { startAudit } from "./events/index.ts";
import type { MetadataDatabase } from "./metadata/index.ts";
import type { ProcessPlace } from "./processes/index.ts";
import { type Closers, type Log, systemClock } from "./runtime/index.ts";
import { VERSION } from "./version.ts";

interface AuditParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly place: ProcessPlace | undefined;
}

/** Sends the audit trail where the configuration says, and removes what is old. The first of several processes does it for all. */
export function keepAudit({ audit }: Config, { metadata, log, place }: AuditParts, closers: Closers): void {
  if (place && place.index > 0) return;
  const surroundings = { clock: systemClock, randomPart: Math.random(), hostname: hostname(), version: VERSION };
  const kept = startAudit({ metadata, log, ...surroundings }, audit);
  closers.add(() => kept.stop());
}
