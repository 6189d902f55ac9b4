import {
  type ActOrigin,
  findRepositoryId,
  isManifestLost,
  type ManifestContent,
  type ManifestHead,
} from "../metadata/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import { type Reference, referenceText, RegistryError, type RepositoryName } from "../oci/index.ts";
import { requestDeletion, waitsForApproval } from "./approvals/request-deletion.ts";
import { ApprovalNeeded } from "./approvals/require-approved.ts";
import { changeBy } from "./change.ts";
import { deleteContent } from "./deletion/delete-content.ts";
import { type Registry, requireDeletable } from "./registry.ts";

/**
 * The manifest as it was pushed, byte for byte.
 * @throws RegistryError `manifest-unknown`, `name-unknown`, `unavailable` if its bytes were found damaged
 */
export function getManifest(registry: Registry, name: RepositoryName, reference: Reference): Soon<ManifestContent> {
  const { hot } = registry.metadata;
  const found =
    reference.kind === "tag"
      ? hot.findManifestByTag(name, reference.tag)
      : hot.findManifestByDigest(name, reference.digest);
  return whenThere(found, (manifest) => {
    if (manifest && isManifestLost(manifest)) throw bytesLost(name, manifest);
    return manifest ?? throwUnknown(registry, name, reference);
  });
}

/**
 * The manifest's digest, type and size, without reading its bytes. One whose bytes were found damaged is not there, so that
 * clients push it again.
 * @throws RegistryError `manifest-unknown`, `name-unknown`
 */
export function getManifestHead(registry: Registry, name: RepositoryName, reference: Reference): Soon<ManifestHead> {
  const { hot } = registry.metadata;
  const found =
    reference.kind === "tag"
      ? hot.findManifestHeadByTag(name, reference.tag)
      : hot.findManifestHeadByDigest(name, reference.digest);
  return whenThere(found, (manifest) =>
    manifest && !isManifestLost(manifest) ? manifest : throwUnknown(registry, name, reference),
  );
}

function bytesLost(name: RepositoryName, { digest }: ManifestHead): RegistryError {
  const message = `the bytes of manifest ${digest} are damaged: push it again to restore it`;
  return new RegistryError("unavailable", message, { detail: { name, digest } });
}

export interface ManifestDeletion {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  readonly by: ActOrigin;
}

/**
 * Deletes a tag, or a manifest with every tag that points at it; it can be had back from the bin for some time, if there is one.
 * Children, referrers and blobs stay.
 * @throws RegistryError `manifest-unknown`, `name-unknown`, `delete-disabled`, `read-only`, `denied` for what is immutable, protected or
 * running somewhere
 * @spec OCI distribution-spec, "Deleting tags" and "Deleting Manifests"
 */
export async function deleteManifest(registry: Registry, deletion: ManifestDeletion): Promise<void> {
  await requireDeletable(registry);
  const { repository, reference, by } = deletion;
  const removing = registry.metadata.transaction(async (queries) => {
    const repositoryId = await findRepositoryId(queries, repository);
    if (repositoryId === undefined) return false;
    const { binKeepMs } = registry.options;
    return deleteContent(changeBy(registry, queries, by), { repository, repositoryId, binKeepMs }, reference);
  });
  const removed = await removing.catch((error: unknown) => requestInstead(registry, deletion, error));
  if (!removed) await throwUnknown(registry, repository, reference);
}

/** What nothing but an approval is missing for waits for one. @throws RegistryError `denied` naming the request; or the error */
async function requestInstead(
  registry: Registry,
  { repository, reference, by }: ManifestDeletion,
  error: unknown,
): Promise<never> {
  if (!(error instanceof ApprovalNeeded)) throw error;
  const wish = { path: repository, subject: referenceText(reference), work: { kind: "content" } as const };
  const request = await registry.metadata.transaction((queries) =>
    requestDeletion(changeBy(registry, queries, by), wish, error.withinMs),
  );
  throw waitsForApproval(request);
}

async function throwUnknown(registry: Registry, name: RepositoryName, reference: Reference): Promise<never> {
  await requireRepository(registry, name);
  const text = referenceText(reference);
  const what = reference.kind === "tag" ? `tag ${text}` : `manifest ${text}`;
  throw new RegistryError("manifest-unknown", `${name} has no ${what}`, { detail: { name, reference: text } });
}

/** @throws RegistryError `name-unknown` */
export async function requireRepository(registry: Registry, name: RepositoryName): Promise<void> {
  if ((await findRepositoryId(registry.metadata.reads, name)) !== undefined) return;
  throw new RegistryError("name-unknown", `there is no repository ${name}`, { detail: { name } });
}
