import {
  type DeleteRequest,
  findLastPush,
  findManifestId,
  findRepositoryId,
  findTag,
  type Queries,
} from "../../metadata/index.ts";
import { parseReference, RegistryError, type RepositoryName } from "../../oci/index.ts";

/** What is done when a delete is approved. */
export type DeletionTask =
  | { readonly kind: "content" }
  | { readonly kind: "deletion"; readonly input: { readonly withBelow: boolean } };

export interface RequestedDeletion extends Pick<DeleteRequest, "path" | "subject"> {
  readonly work: DeletionTask;
}

/**
 * What a delete is about at this moment: the repository that has the name, the manifest at the tag, and the tags of a
 * manifest. Empty for all below a node, whatever
 * that is.
 */
export async function findRequestTarget(queries: Queries, { path, subject, work }: RequestedDeletion): Promise<string> {
  if (work.kind === "deletion" && work.input.withBelow) return "";
  const repositoryId = await findRepositoryId(queries, path as RepositoryName);
  if (repositoryId === undefined) return "nothing";
  if (work.kind === "deletion") return `repository ${repositoryId}`;
  const reference = parseReference(subject);
  if (reference.kind === "tag") {
    const tagged = await findTag(queries, repositoryId, reference.tag);
    return tagged ? `repository ${repositoryId} manifest ${tagged.digest}` : "nothing";
  }
  const manifestId = await findManifestId(queries, repositoryId, reference.digest);
  if (manifestId === undefined) return "nothing";
  // Tags that were put there since would go with it.
  return `repository ${repositoryId} manifest pushed ${await findLastPush(queries, manifestId)}`;
}

/**
 * That an approval is of what was asked for: nobody has looked at what has its name by now.
 * @throws RegistryError `conflict`
 */
export async function requireSameTarget(queries: Queries, requested: RequestedDeletion, target: string): Promise<void> {
  const found = await findRequestTarget(queries, requested);
  if (found === target) return;
  const { path, subject } = requested;
  const message = `${subject} of ${path} is gone or another one since this was asked for: ask for the delete again`;
  throw new RegistryError("conflict", message);
}
