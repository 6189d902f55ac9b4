import { listTagsThatNeed, type Queries } from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName, type Tag } from "../../oci/index.ts";
import type { TagChange } from "../record.ts";
import { findSettings, type Settings, showNode } from "./settings.ts";
import { showMatch, tagMatcher } from "./tag-patterns.ts";

/**
 * @param changes the tags that are made or moved
 * @throws RegistryError `denied` where an immutable tag would be moved, for all of them at once
 */
export function requireMovable(settings: Settings, changes: readonly TagChange[]): void {
  const match = tagMatcher(settings["immutable-tags"]);
  const refused = changes.flatMap(({ tag, from }) => {
    const matched = from === undefined ? undefined : match(tag);
    return matched ? [{ tag, text: `the tag ${tag} is immutable ${showMatch(matched)}` }] : [];
  });
  if (refused.length === 0) return;
  throw new RegistryError("denied", `${refused.map(({ text }) => text).join(", ")}: push under another tag`, {
    details: refused.map(({ tag }) => ({ tag })),
  });
}

/** Such as `immutable by "v*" of team`; `undefined`: it is not. */
export function describeImmutable(settings: Settings, tag: Tag): string | undefined {
  const matched = tagMatcher(settings["immutable-tags"])(tag);
  return matched && `immutable ${showMatch(matched)}`;
}

export interface DoomedTag {
  readonly repository: RepositoryName;
  readonly tag: Tag;
}

/** @throws RegistryError `denied` for an immutable tag and in a protected repository */
export async function requireTagDeletable(queries: Queries, { repository, tag }: DoomedTag): Promise<void> {
  const settings = await findSettings(queries, repository);
  requireUnprotected(settings, repository);
  const matched = tagMatcher(settings["immutable-tags"])(tag);
  if (matched)
    throw new RegistryError("denied", `the tag ${tag} is immutable ${showMatch(matched)}: it cannot be deleted`, {
      detail: { tag },
    });
}

export interface DoomedContent {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  /** Of a manifest or a blob. */
  readonly digest: Digest;
}

/** @throws RegistryError `denied` for what an immutable tag needs, and in a protected repository */
export async function requireContentDeletable(queries: Queries, content: DoomedContent): Promise<void> {
  const { repository, repositoryId, digest } = content;
  const settings = await findSettings(queries, repository);
  requireUnprotected(settings, repository);
  const immutable = settings["immutable-tags"];
  if (!immutable || immutable.value.length === 0) return;
  const match = tagMatcher(immutable);
  for (const tag of await listTagsThatNeed(queries, { repositoryId, digest })) {
    const matched = match(tag);
    if (matched)
      throw new RegistryError("denied", `the tag ${tag} needs ${digest}, and is immutable ${showMatch(matched)}`, {
        detail: { tag, digest },
      });
  }
}

/** @throws RegistryError `denied` */
export function requireUnprotected({ protected: said }: Settings, repository: RepositoryName): void {
  if (!said?.value) return;
  const message = `${repository} is protected by ${showNode(said.node)}: nothing is deleted from it until that is taken back`;
  throw new RegistryError("denied", message, { detail: { name: repository } });
}
