import { isPermitted, type Viewer } from "../../access/index.ts";
import type { RepositoryName, Tag } from "../../oci/index.ts";
import type { DeletionAuthority } from "../../registry/index.ts";

/** What somebody may delete, by the rules of one moment. */
export function deletionAuthorityOf(viewer: Viewer): DeletionAuthority {
  const mayDelete = (path: RepositoryName, tag?: Tag) =>
    isPermitted(viewer, { path, action: tag === undefined ? "delete" : "tag:delete", tag });
  return {
    maySee(path, reference) {
      if (!reference)
        return (["pull", "tag:delete"] as const).some((action) =>
          isPermitted(viewer, { path, action, isAnyTagEnough: true }),
        );
      // A list of digests tells of all that is there.
      const tag = reference.kind === "tag" ? reference.tag : undefined;
      return isPermitted(viewer, { path, action: "pull", tag }) || mayDelete(path, tag);
    },
    mayDelete,
  };
}
