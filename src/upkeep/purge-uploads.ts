import { listStaleUploads, type UploadRecord } from "../metadata/index.ts";
import { expireUpload, type Registry, removeStrayBytes } from "../registry/index.ts";
import type { Log } from "../runtime/index.ts";
import { StorageError, type StoredObject, unfinishedPrefix } from "../storage/index.ts";

export interface UploadPurge {
  readonly registry: Registry;
  readonly log: Log;
  /** What nothing was written to for this long is removed. */
  readonly ageMs: number;
  /** Only counts and logs what would be removed. */
  readonly dryRun: boolean;
  /** Ends the run after the upload at hand. */
  readonly signal?: AbortSignal | undefined;
}

export interface PurgedUploads {
  /** Sessions that were removed, or would be. */
  readonly sessions: number;
  /** Unfinished bytes of no session that were removed, or would be: what crashes left. */
  readonly strayFiles: number;
  /** Old sessions that were left alone, because a request works on them. */
  readonly busy: number;
  /** Sessions and bytes that storage failed to remove; the next run tries again. */
  readonly failed: number;
}

/**
 * Removes the uploads that nobody goes on with, while the registry serves. In a dry run a session that a request works on
 * counts like any other.
 * @throws RegistryError `read-only`
 * @throws MetadataError, StorageError if nothing more can be found
 */
export async function purgeUploads(purge: UploadPurge): Promise<PurgedUploads> {
  const run = new PurgeRun(purge);
  await run.purgeSessions();
  await run.purgeStrayFiles();
  return run.purged;
}

/** Sessions read at once. */
const PAGE = 500;

class PurgeRun {
  readonly purged = { sessions: 0, strayFiles: 0, busy: 0, failed: 0 };
  readonly #purge: UploadPurge;
  readonly #beforeMs: number;

  constructor(purge: UploadPurge) {
    this.#purge = purge;
    this.#beforeMs = purge.registry.clock.nowMs() - purge.ageMs;
  }

  async purgeSessions(): Promise<void> {
    const { reads } = this.#purge.registry.metadata;
    const kept = new Set<string>();
    for (;;) {
      // Those that stay are read again each time; twice as many more keeps the sum of it small.
      const stale = await listStaleUploads(reads, this.#beforeMs, PAGE + 2 * kept.size);
      const uploads = stale.filter((upload) => !kept.has(upload.id));
      if (uploads.length === 0) return;
      for (const upload of uploads) {
        if (this.#purge.signal?.aborted) return;
        if (!(await this.#removed(() => this.#purgeSession(upload)))) kept.add(upload.id);
      }
    }
  }

  async purgeStrayFiles(): Promise<void> {
    for await (const found of this.#purge.registry.storage.iterate(unfinishedPrefix)) {
      if (this.#purge.signal?.aborted) return;
      if (found.modifiedAtMs < this.#beforeMs) await this.#removed(() => this.#purgeStrayFile(found));
    }
  }

  /** @returns whether the session is gone */
  async #purgeSession(upload: UploadRecord): Promise<boolean> {
    const { registry, dryRun } = this.#purge;
    const expiry = dryRun ? "expired" : await expireUpload(registry, upload.id, this.#beforeMs);
    if (expiry === "busy") this.purged.busy++;
    if (expiry !== "expired") return false;
    this.purged.sessions++;
    const idleMs = registry.clock.nowMs() - upload.updatedAtMs;
    this.#log("stale upload", { upload: upload.id, repository: upload.repository, idleMs });
    return !dryRun;
  }

  async #purgeStrayFile(found: StoredObject): Promise<boolean> {
    const { registry, dryRun } = this.#purge;
    const isRemoved = await removeStrayBytes(registry, found, dryRun);
    if (!isRemoved) return false;
    this.purged.strayFiles++;
    this.#log("unfinished bytes of no upload", { key: found.key, sizeBytes: found.sizeBytes });
    return true;
  }

  /** What storage will not remove today must not keep the rest. */
  async #removed(remove: () => Promise<boolean>): Promise<boolean> {
    try {
      return await remove();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.purged.failed++;
      this.#purge.log.warn("stale upload was not removed from storage", { error });
      return false;
    }
  }

  #log(what: string, fields: Readonly<Record<string, unknown>>): void {
    this.#purge.log.info(`${this.#purge.dryRun ? "would remove" : "removed"} ${what}`, fields);
  }
}
