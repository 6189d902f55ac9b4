import { type Manifest, RegistryError, type Tag } from "../oci/index.ts";
import type { TagChange } from "./record.ts";

/** What somebody who may not do everything may do with a push; asked in its transaction, with the tags as they are then. */
export interface PushPermission {
  /** @param isNew whether there is no such tag yet */
  mayTag(tag: Tag, isNew: boolean): boolean;
  /** Whether they may say something of another manifest, such as sign it. */
  mayRefer(): boolean;
  /** Whether they may push images, some of them at least, that get their tag later. */
  mayPushUntagged(): boolean;
}

export interface PermittedPush {
  readonly manifest: Manifest;
  readonly tags: readonly Tag[];
  /** Those that are made or moved. */
  readonly changes: readonly TagChange[];
}

/** @throws RegistryError `denied`, for all tags at once */
export function requirePermitted(permission: PushPermission, { manifest, tags, changes }: PermittedPush): void {
  const refused = changes.filter(({ tag, from }) => !permission.mayTag(tag, from === undefined));
  if (refused.length > 0)
    throw new RegistryError("denied", `you may not ${refused.map(wordsOf).join(", ")}`, {
      details: refused.map(({ tag }) => ({ tag })),
    });
  if (manifest.subject && !permission.mayRefer())
    throw new RegistryError("denied", "you may not attach anything to a manifest here");
  if (!manifest.subject && tags.length === 0 && !permission.mayPushUntagged())
    throw new RegistryError("denied", "you may push nothing here but what refers to another manifest");
}

function wordsOf({ tag, from }: TagChange): string {
  return from === undefined ? `make the tag ${tag}` : `move the tag ${tag}`;
}
