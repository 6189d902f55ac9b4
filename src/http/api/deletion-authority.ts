import { isPermitted, type Viewer } from "../../access/index.ts";
import type { DeletionAuthority } from "../../registry/index.ts";

/** What somebody may delete, by the rules of one moment. */
export function deletionAuthorityOf(viewer: Viewer): DeletionAuthority {
  return {
    maySee: (path) =>
      (["pull", "tag:delete"] as const).some((action) => isPermitted(viewer, { path, action, isAnyTagEnough: true })),
    mayDelete: (path, tag) => isPermitted(viewer, { path, action: tag === undefined ? "delete" : "tag:delete", tag }),
  };
}
