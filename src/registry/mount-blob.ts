import { ensureRepository, findBlobId, linkBlob, listRepositoriesOfBlob } from "../metadata/index.ts";
import type { Digest, RepositoryName } from "../oci/index.ts";
import { isLost } from "./lost-blobs.ts";
import { type Registry, requireWritable } from "./registry.ts";

export interface Mount {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Absent: any repository that the caller may pull from will do. */
  readonly from?: RepositoryName | undefined;
  readonly mayPull: (repository: RepositoryName) => boolean;
}

/** A blob that is in more repositories than this is looked for in the first ones only. */
const MAX_SOURCES = 100;

/**
 * Makes a blob of another repository a blob of this one, without moving bytes.
 * @returns whether it could be done; if not, the client uploads
 * @throws RegistryError `read-only`
 * @spec OCI distribution-spec, "Mounting a blob from another repository"
 */
export async function mountBlob(registry: Registry, mount: Mount): Promise<boolean> {
  requireWritable(registry);
  if (!(await hasReadableSource(registry, mount))) return false;
  const nowMs = registry.clock.nowMs();
  return registry.metadata.transaction(async (queries) => {
    const blobId = await findBlobId(queries, mount.digest);
    if (blobId === undefined) return false;
    await linkBlob(queries, await ensureRepository(queries, mount.repository, nowMs), blobId, nowMs);
    return true;
  });
}

async function hasReadableSource(registry: Registry, mount: Mount): Promise<boolean> {
  const { hot, reads } = registry.metadata;
  if (mount.from !== undefined) {
    if (!mount.mayPull(mount.from)) return false;
    const blob = await hot.findBlobInRepository(mount.from, mount.digest);
    return blob !== undefined && !(await isLost(registry, blob));
  }
  for (const name of await listRepositoriesOfBlob(reads, mount.digest, MAX_SOURCES)) {
    if (!mount.mayPull(name)) continue;
    const blob = await hot.findBlobInRepository(name, mount.digest);
    if (blob && !(await isLost(registry, blob))) return true;
  }
  return false;
}
