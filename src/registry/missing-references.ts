import { findMissingBlobs, findMissingManifests, type Queries } from "../metadata/index.ts";
import { type Descriptor, type Digest, isManifestMediaType, isNonDistributable, type Manifest } from "../oci/index.ts";
import type { ValidationOptions } from "./options.ts";
import { requiresChild } from "./validation.ts";

export interface NamingManifest {
  readonly repositoryId: number;
  readonly manifest: Manifest;
}

/** What a manifest names and has to be in its repository, and is not: each once. */
export async function findMissingReferences(
  validation: ValidationOptions,
  queries: Queries,
  { repositoryId, manifest }: NamingManifest,
): Promise<readonly Digest[]> {
  if (!validation.enabled) return [];
  const blobs = manifest.blobs.filter((descriptor) => !isNonDistributable(descriptor.mediaType));
  const missing = await findMissingBlobs(queries, repositoryId, digestsOf(blobs));
  if (manifest.manifests.length === 0) return missing;
  const children = manifest.manifests.filter((descriptor) => requiresChild(validation, descriptor));
  return [...missing, ...(await findMissingChildren(queries, repositoryId, children))];
}

/** An index may also name blobs: build caches are indexes of layers. */
async function findMissingChildren(
  queries: Queries,
  repositoryId: number,
  children: readonly Descriptor[],
): Promise<readonly Digest[]> {
  const notManifests = await findMissingManifests(queries, repositoryId, digestsOf(children));
  const nothing = new Set(await findMissingBlobs(queries, repositoryId, notManifests));
  const mayBeBlob = new Set(digestsOf(children.filter((child) => !isManifestMediaType(child.mediaType))));
  return notManifests.filter((digest) => nothing.has(digest) || !mayBeBlob.has(digest));
}

function digestsOf(descriptors: readonly Descriptor[]): readonly Digest[] {
  return [...new Set(descriptors.map((descriptor) => descriptor.digest))];
}
