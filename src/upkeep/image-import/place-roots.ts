import type { RepositoryName } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import type { ImageName, RootImage } from "./image-archive.ts";

/** A root that has its place. */
export interface PlacedRoot extends RootImage {
  readonly repository: RepositoryName;
}

/**
 * Decides where each image of an archive goes.
 * @param to where all go; with a tag, if there is only one
 * @throws ArchiveError if it cannot be known
 */
export function placeRoots(roots: readonly RootImage[], to: ImageName | undefined): readonly PlacedRoot[] {
  if (to?.repository === undefined) return placeByNames(roots);
  const { repository, tag } = to;
  if (tag === undefined) return roots.map((root) => ({ ...root, repository }));
  const digests = new Set(chosen(roots).map(({ digest }) => digest));
  if (digests.size > 1)
    throw new ArchiveError(`it has ${digests.size} images, and a tag names one: leave the tag out of --to`);
  return roots.map((root) => ({ ...root, repository, tag: digests.has(root.digest) ? tag : undefined }));
}

/** What has a name comes before what has none, such as signatures. */
function chosen(roots: readonly RootImage[]): readonly RootImage[] {
  const named = roots.filter(({ tag }) => tag !== undefined);
  return named.length > 0 ? named : roots;
}

function placeByNames(roots: readonly RootImage[]): readonly PlacedRoot[] {
  const repositories = [...new Set(roots.flatMap(({ repository }) => repository ?? []))];
  // What has no name of its own belongs to the rest, as long as that is clear.
  const only = repositories.length === 1 ? repositories[0] : undefined;
  return roots.map((root) => {
    const repository = root.repository ?? only;
    if (repository === undefined)
      throw new ArchiveError(
        `it does not say which repository ${root.tag ?? root.digest} belongs to: say it with --to`,
      );
    return { ...root, repository };
  });
}
