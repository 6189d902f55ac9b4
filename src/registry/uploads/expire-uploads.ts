import { findUpload, removeUpload } from "../../metadata/index.ts";
import { type StoredObject, uploadIdOf } from "../../storage/index.ts";
import { requireWritable } from "../maintenance/maintenance.ts";
import type { Registry } from "../registry.ts";

/** `busy`: a request works on it right now, or another process does · `alive`: it was written to meanwhile, or is gone already. */
export type UploadExpiry = "expired" | "busy" | "alive";

/**
 * Ends an upload that nothing was written to since `beforeMs`. Rows before bytes: a session that still answers has its
 * bytes, and bytes that a crash leaves belong to nobody.
 * @throws RegistryError `read-only`
 */
export async function expireUpload(registry: Registry, id: string, beforeMs: number): Promise<UploadExpiry> {
  await requireWritable(registry);
  if (!registry.worksOn(id)) return "busy";
  const expiry = await registry.uploadTurns.runIfIdle(id, async (): Promise<UploadExpiry> => {
    if (!(await removeStale(registry, id, beforeMs))) return "alive";
    registry.runningHashes.drop(id);
    await registry.storage.uploads.cancel(id);
    return "expired";
  });
  return expiry ?? "busy";
}

/** Looks again inside the transaction: a part may have come since the session was found to be stale. */
function removeStale(registry: Registry, id: string, beforeMs: number): Promise<boolean> {
  return registry.metadata.transaction(async (queries) => {
    const upload = await findUpload(queries, id);
    return upload !== undefined && upload.updatedAtMs < beforeMs && removeUpload(queries, id);
  });
}

/**
 * Removes unfinished bytes that a crash left behind: those of no session and of no request. The caller has seen that they
 * are old.
 * @param dryRun only says whether they would be removed
 * @throws RegistryError `read-only`
 */
export async function removeStrayBytes(registry: Registry, stray: StoredObject, dryRun: boolean): Promise<boolean> {
  await requireWritable(registry);
  const id = uploadIdOf(stray.key);
  if (!registry.worksOn(id)) return false;
  const isRemoved = await registry.uploadTurns.runIfIdle(id, async () => {
    if (await findUpload(registry.metadata.reads, id)) return false;
    if (!dryRun) await registry.storage.remove(stray.key);
    return true;
  });
  return isRemoved ?? false;
}
