import { isPermitted, type Viewer } from "../../access/index.ts";
import type { Queries } from "../../metadata/index.ts";
import { type Digest, RegistryError } from "../../oci/index.ts";
import {
  type RegistryChange,
  type RegistryOptions,
  relocateTag,
  requireRelocatable,
  type TagRelocation,
} from "../../registry/index.ts";
import { deletionAuthorityOf } from "./deletion-authority.ts";
import { requireMayPush } from "./require-may-push.ts";

/**
 * Moves a tag by what the viewer may do.
 * @returns what it points at
 * @throws RegistryError `not-found` also for who may not see the tag, `denied`, `conflict`, and where a quota would be exceeded
 */
export function moveTagByRules(
  change: RegistryChange,
  viewer: Viewer,
  { relocation, options }: { readonly relocation: TagRelocation; readonly options: Pick<RegistryOptions, "binKeepMs"> },
): Promise<Digest> {
  requireMayRelocate(viewer, relocation);
  return relocateTag(change, relocation, options);
}

/** @returns why a tag cannot be moved; `null`: it can */
export async function planTagMove(
  queries: Queries,
  viewer: Viewer,
  { relocation, ...moment }: { readonly relocation: TagRelocation } & Parameters<typeof requireRelocatable>[2],
): Promise<string | null> {
  try {
    requireMayRelocate(viewer, relocation);
    await requireRelocatable(queries, relocation, moment);
    return null;
  } catch (error) {
    if (error instanceof RegistryError) return error.message;
    throw error;
  }
}

/** @throws RegistryError `not-found` for who must not know of the tag, `denied` */
function requireMayRelocate(viewer: Viewer, { from, tag, to }: TagRelocation): void {
  const authority = deletionAuthorityOf(viewer);
  if (!authority.maySee(from, { kind: "tag", tag })) throw new RegistryError("not-found", `${from} has no tag ${tag}`);
  const notPermitted = (action: string) =>
    new RegistryError("denied", `${action} on ${from}:${tag} is not permitted to you`);
  if (!isPermitted(viewer, { path: from, action: "pull", tag })) throw notPermitted("pull");
  if (!authority.mayDelete(from, tag)) throw notPermitted("tag:delete");
  requireMayPush(viewer, to);
}
