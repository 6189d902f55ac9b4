import { findSubjects, type Queries } from "../../metadata/index.ts";
import { type Digest, type Manifest, OCI_IMAGE_INDEX, referrersTagOf, type Tag } from "../../oci/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { readManifest, type ReadManifest } from "./read-manifest.ts";

/** An index that may be a list of referrers; `undefined` if it is none, or damaged. */
export async function findIndex(storage: StorageDriver, digest: Digest): Promise<ReadManifest | undefined> {
  try {
    const found = await readManifest(storage, digest);
    return found.manifest.mediaType === OCI_IMAGE_INDEX && !found.manifest.subject ? found : undefined;
  } catch (error) {
    if (error instanceof DamageError) return undefined;
    throw error;
  }
}

/** What Berth knows of an index that may be a list of referrers. */
export interface KnownList {
  /** Where it would be looked for; `undefined` if Berth knows none of what it names, or they refer to several. */
  readonly tag: Tag | undefined;
  /** It says nothing that the manifests of the repository do not say of themselves. */
  readonly isRedundant: boolean;
}

export async function judgeList(
  reads: Queries,
  repositoryId: number,
  { manifests }: Pick<Manifest, "manifests">,
): Promise<KnownList> {
  const digests = new Set(manifests.map(({ digest }) => digest));
  const subjects = await findSubjects(reads, repositoryId, [...digests]);
  const tags = [...new Set([...subjects.values()].map(referrersTagOf))];
  const isRedundant = subjects.size === digests.size && tags.length <= 1;
  return { tag: tags.length === 1 ? tags[0] : undefined, isRedundant };
}
