import {
  findManifestFacts,
  findManifestId,
  findTag,
  isManifestLost,
  recordTagChange,
  removeTag,
  removeTagDeletions,
  type TagPlace,
  type TagTarget,
} from "../../metadata/index.ts";
import type { Digest } from "../../oci/index.ts";
import { findTagState } from "../history/find-tag-state.ts";
import { pointTag } from "../history/move-tag.ts";
import { bringBackLast, type Past } from "./bring-back.ts";

/**
 * What became of a tag: `lost` where the manifest is not there any more that it pointed at, `unknown` where the history does not go back
 * so far. Those stay as they are.
 */
export type WoundTag = "same" | "made" | "moved" | "removed" | "lost" | "unknown";

/** Points a tag where it pointed at a time, or removes it if it was not there. That is on record in its history. */
export async function windBackTag(
  past: Past,
  place: TagPlace & { readonly hadRepository: boolean },
): Promise<WoundTag> {
  const { queries, atMs } = past;
  const { repositoryId, tag, hadRepository } = place;
  const state = hadRepository ? await findTagState(queries, place, atMs) : { kind: "absent" as const };
  const from = await findTag(queries, repositoryId, tag);
  if (state.kind === "unknown") return "unknown";
  if (state.kind === "absent") return from ? removeYoungTag(past, place, from) : "same";
  const { digest } = state;
  if (from?.digest === digest) return "same";
  const manifestId = await findOrBringBack(past, place, digest);
  if (manifestId === undefined) return "lost";
  await pointTag(past, { repositoryId, tag, manifestId, digest, cause: "restore" }, from);
  await removeTagDeletions(queries, { repositoryId, tag, digest, sinceMs: atMs });
  return from ? "moved" : "made";
}

async function removeYoungTag(past: Past, { repositoryId, tag }: TagPlace, from: TagTarget): Promise<WoundTag> {
  const { queries, nowMs, by } = past;
  await recordTagChange(queries, { repositoryId, tag, digest: undefined, from, cause: "restore", nowMs, by });
  await removeTag(queries, repositoryId, tag);
  return "removed";
}

async function findOrBringBack(past: Past, { repositoryId }: TagPlace, digest: Digest): Promise<number | undefined> {
  const facts = await findManifestFacts(past.queries, repositoryId, digest);
  if (facts && !isManifestLost(facts)) return findManifestId(past.queries, repositoryId, digest);
  return bringBackLast(past, repositoryId, digest);
}
