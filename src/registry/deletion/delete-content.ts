import {
  findLastPush,
  findManifestId,
  findRepositoryArrival,
  findTag,
  listTagsOfManifest,
  type OtherPlace,
  type Queries,
  recordTagChange,
  recordTagRemovals,
  removeManifest,
  removeTag,
} from "../../metadata/index.ts";
import { type Digest, type Reference, RegistryError, type RepositoryName, type Tag } from "../../oci/index.ts";
import { requireApproved } from "../approvals/require-approved.ts";
import { putIntoBin } from "../bin/put-into-bin.ts";
import type { RegistryChange } from "../change.ts";
import { requireNotRunning, requireTagNotRunning } from "../in-use/guard-running.ts";
import { requireContentDeletable, requireTagDeletable } from "../settings/guard-content.ts";

/** Where something is deleted, and what becomes of it. */
export interface DeletionPlace {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  /** How long it can be had back; 0: not at all. */
  readonly binKeepMs: number;
  /** A second person has approved it. */
  readonly isApproved?: boolean | undefined;
  /** When it was asked for, inclusive: what came later stays. Absent: it is now. */
  readonly askedAtMs?: number | undefined;
  /** Of a tag that is deleted because it has another place now. */
  readonly movedTo?: OtherPlace | undefined;
  /** It was asked for by name, and not as one repository: what got the name later stays. */
  readonly isByName?: boolean | undefined;
}

/**
 * Deletes a tag, or a manifest with every tag that points at it, into the bin if there is one. What it throws was thrown before anything
 * was changed.
 * @returns whether there was something to delete
 * @throws RegistryError `denied` for what is immutable, protected or running somewhere
 */
export function deleteContent(change: RegistryChange, place: DeletionPlace, reference: Reference): Promise<boolean> {
  if (reference.kind === "tag") return deleteTagAlone(change, place, reference.tag);
  return deleteWithTags(change, place, reference.digest);
}

async function deleteTagAlone(change: RegistryChange, place: DeletionPlace, tag: Tag): Promise<boolean> {
  const { repository, repositoryId, binKeepMs, movedTo } = place;
  const { queries } = change;
  const from = await findTag(queries, repositoryId, tag);
  if (!from) return false;
  const { digest, manifestId } = from;
  await requireNotLater(queries, place, from.updatedAtMs);
  await requireTagMayGo(queries, { ...place, tag, digest, nowMs: change.nowMs });
  await requireApproved(queries, place);
  const newPlace = movedTo && `${movedTo.repository}:${movedTo.tag}`;
  await change.record({ act: "tag.delete", target: repository, detail: { tag, digest, movedTo: newPlace } });
  await putIntoBin(change, { repository, manifestId, digest, tag }, binKeepMs);
  await recordTagChange(queries, {
    ...change,
    repositoryId,
    tag,
    digest: undefined,
    from,
    cause: movedTo ? "move" : "delete",
    otherPlace: movedTo,
  });
  return removeTag(queries, repositoryId, tag);
}

/** So that a row of the audit trail stays small. */
const MAX_TAGS_NAMED = 100;

async function deleteWithTags(change: RegistryChange, place: DeletionPlace, digest: Digest): Promise<boolean> {
  const { repository, repositoryId, binKeepMs } = place;
  const { queries } = change;
  const manifestId = await findManifestId(queries, repositoryId, digest);
  if (manifestId === undefined) return false;
  if (place.askedAtMs !== undefined) await requireNotLater(queries, place, await findLastPush(queries, manifestId));
  await requireManifestMayGo(queries, { ...place, digest, nowMs: change.nowMs });
  await requireApproved(queries, place);
  const tags = await listTagsOfManifest(queries, { repositoryId, digest }, MAX_TAGS_NAMED + 1);
  const hasMoreTags = tags.length > MAX_TAGS_NAMED || undefined;
  const detail = { digest, tags: tags.slice(0, MAX_TAGS_NAMED), hasMoreTags };
  await change.record({ act: "manifest.delete", target: repository, detail });
  await putIntoBin(change, { repository, manifestId, digest }, binKeepMs);
  await recordTagRemovals(queries, [manifestId], { ...change, cause: "delete" });
  return removeManifest(queries, repositoryId, digest);
}

/** @throws RegistryError `denied` */
async function requireNotLater(
  queries: Queries,
  { repositoryId, askedAtMs, isByName = false }: DeletionPlace,
  pushedAtMs: number,
): Promise<void> {
  if (askedAtMs === undefined) return;
  const later = (what: string) => new RegistryError("denied", `${what} after its deletion was asked for`);
  if (pushedAtMs > askedAtMs) throw later("it was pushed");
  const arrival = await findRepositoryArrival(queries, repositoryId);
  if (!arrival) return;
  if (isByName && arrival.namedAtMs > askedAtMs) throw later("its repository got its name");
  if (arrival.importedAtMs > askedAtMs) throw later("its repository was imported");
}

/** What is to be deleted. */
export interface Doomed {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  /** Of a manifest: itself, or what the tag points at. */
  readonly digest: Digest;
  readonly nowMs: number;
}

/** @throws RegistryError `denied` */
export async function requireTagMayGo(queries: Queries, doomed: Doomed & { readonly tag: Tag }): Promise<void> {
  await requireTagDeletable(queries, doomed);
  await requireTagNotRunning(queries, doomed);
}

/** @throws RegistryError `denied` */
export async function requireManifestMayGo(queries: Queries, doomed: Doomed): Promise<void> {
  await requireContentDeletable(queries, doomed);
  await requireNotRunning(queries, doomed);
}
