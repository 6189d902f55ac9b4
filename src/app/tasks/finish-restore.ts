import { randomUUID } from "node:crypto";
import {
  beginDescription,
  findBlob,
  findDescription,
  type MetadataDatabase,
  openSqlite,
  prolongBin,
  recordBlobLoss,
} from "../../metadata/index.ts";
import type { RegistryOptions } from "../../registry/index.ts";
import { systemClock } from "../../runtime/index.ts";
import { loadTransfers, type Restored, type WoundBack } from "../../upkeep/index.ts";

export interface Finishing {
  readonly restored: Restored;
  readonly options: RegistryOptions;
  readonly signal: AbortSignal;
}

/**
 * Brings a database that was restored up to date, and back to the time that was asked for, before anybody serves it.
 * @returns what was wound back; `undefined`: it is as in the backup
 * @throws MetadataError, or the reason of the aborted signal
 */
export async function finishRestore(path: string, finishing: Finishing): Promise<WoundBack | undefined> {
  const { restored, options, signal } = finishing;
  const metadata = await openSqlite(path);
  try {
    await bringUpToDate(metadata, restored);
    const { windBackToMs: atMs, backup } = restored;
    if (atMs === undefined) return undefined;
    const { windBack } = await loadTransfers();
    return await windBack({ metadata, options, atMs, nowMs: systemClock.nowMs(), backup: backup.name, signal });
  } finally {
    await metadata.close();
  }
}

/**
 * What is lost is on record, so that clients push it again; what was in the bin has the time that it had when the backup was taken. Storage
 * may describe what came later, and not any more what went: all is described anew.
 */
async function bringUpToDate(metadata: MetadataDatabase, { missing, backup: { takenAtMs } }: Restored): Promise<void> {
  const nowMs = systemClock.nowMs();
  await metadata.transaction(async (queries) => {
    await prolongBin(queries, Math.max(0, nowMs - takenAtMs));
    if (await findDescription(queries)) await beginDescription(queries, randomUUID());
  });
  for (const digest of missing)
    await metadata.transaction(async (queries) => {
      const blob = await findBlob(queries, digest);
      if (blob) await recordBlobLoss(queries, { digest, storageKey: blob.storageKey, reason: "missing", nowMs });
    });
}
