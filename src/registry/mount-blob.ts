import { findWholeBlobId, linkBlob, listRepositoriesOfBlob } from "../metadata/index.ts";
import type { Digest, RepositoryName } from "../oci/index.ts";
import { isLost } from "./lost-blobs.ts";
import { ensurePushedRepository } from "./names/repository-moved.ts";
import { addWithinQuotas } from "./quotas/add-within-quotas.ts";
import { requireWritable } from "./maintenance/maintenance.ts";
import type { Registry } from "./registry.ts";

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
 * @throws RegistryError `read-only`, `denied` where a quota would be exceeded
 * @spec OCI distribution-spec, "Mounting a blob from another repository"
 */
export async function mountBlob(registry: Registry, mount: Mount): Promise<boolean> {
  await requireWritable(registry);
  const source = await findReadableSource(registry, mount);
  if (source === undefined) return false;
  const nowMs = registry.clock.nowMs();
  return registry.metadata.transaction(async (queries) => {
    // Somebody may have deleted it there since.
    const blobId = await findWholeBlobId(queries, source, mount.digest);
    if (blobId === undefined) return false;
    await addWithinQuotas(queries, mount.repository, async ({ repositoryId: id }) =>
      linkBlob(queries, await ensurePushedRepository(queries, { name: mount.repository, id, nowMs }), blobId, nowMs),
    );
    return true;
  });
}

async function findReadableSource(registry: Registry, mount: Mount): Promise<RepositoryName | undefined> {
  const { digest, from, mayPull } = mount;
  const { hot, reads } = registry.metadata;
  const candidates = from === undefined ? await listRepositoriesOfBlob(reads, digest, MAX_SOURCES) : [from];
  for (const name of candidates) {
    const blob = mayPull(name) ? await hot.findBlobInRepository(name, digest) : undefined;
    if (blob && !(await isLost(registry, blob))) return name;
  }
  return undefined;
}
