import {
  type DeleteRequest,
  findManifestId,
  findRepositoryId,
  findTag,
  listTagsOfManifest,
  type Queries,
} from "../../metadata/index.ts";
import { digestOf, parseReference, RegistryError, type RepositoryName } from "../../oci/index.ts";

/** What is done when a delete is approved. */
export type DeletionTask =
  | { readonly kind: "content" }
  | { readonly kind: "deletion"; readonly input: { readonly withBelow: boolean } };

export interface RequestedDeletion extends Pick<DeleteRequest, "path" | "subject"> {
  readonly work: DeletionTask;
}

const ALL_TAGS = -1;

/**
 * What a delete is about at this moment: the repository that has the name, the manifest at the tag, and the tags of a
 * manifest. Empty for all below a node, whatever that is.
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
  const { digest } = reference;
  if ((await findManifestId(queries, repositoryId, digest)) === undefined) return "nothing";
  // They would go with it. By their names, as a clock that is set back gives an old time to what is put there since.
  const tags = await listTagsOfManifest(queries, { repositoryId, digest }, ALL_TAGS);
  return `repository ${repositoryId} manifest with tags ${digestOf(Buffer.from(tags.join(" ")))}`;
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
