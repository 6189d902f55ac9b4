import {
  findKeep,
  findManifestId,
  findTag,
  type Keep,
  putKeep,
  type Queries,
  removeKeep,
} from "../../metadata/index.ts";
import { type Reference, RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";

/** As people read it. */
export function showKeep({ reason, actor, untilMs }: Pick<Keep, "reason" | "actor" | "untilMs">): string {
  const by = actor === null ? "" : ` by ${actor}`;
  const until = untilMs === null ? "" : ` until ${new Date(untilMs).toISOString()}`;
  return `kept${by}${until}${reason === "" ? "" : `: ${reason}`}`;
}

export interface KeptContent {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  readonly reference: Reference;
}

export interface KeepWish extends KeptContent, Pick<Keep, "reason" | "untilMs"> {}

/**
 * Keeps a tag, wherever it points, or a manifest with all its tags, from retention; a manifest from clean-up, too. In the place of what was
 * said of it before.
 * @throws RegistryError `not-found`
 */
export async function keepContent(change: RegistryChange, wish: KeepWish): Promise<Keep> {
  const { queries, nowMs, by } = change;
  const { repository, repositoryId, reason, untilMs } = wish;
  await requireThere(queries, wish);
  const reference = textOf(wish.reference);
  const keep = { reference, reason, untilMs, actor: by.actor ?? null, atMs: nowMs };
  await putKeep(queries, repositoryId, keep);
  const until = untilMs === null ? undefined : new Date(untilMs).toISOString();
  await change.record({ act: "keep.put", target: repository, detail: { reference, reason, until } });
  return keep;
}

/** Takes that back. @throws RegistryError `not-found` */
export async function unkeepContent(change: RegistryChange, content: KeptContent): Promise<void> {
  const { repository, repositoryId } = content;
  const reference = textOf(content.reference);
  if (!(await removeKeep(change.queries, repositoryId, reference))) throw notKept(content);
  await change.record({ act: "keep.remove", target: repository, detail: { reference } });
}

/** @throws RegistryError `not-found` */
export async function getKeep(queries: Queries, content: KeptContent): Promise<Keep> {
  const keep = await findKeep(queries, content.repositoryId, textOf(content.reference));
  if (keep) return keep;
  throw notKept(content);
}

function textOf(reference: Reference): string {
  return reference.kind === "tag" ? reference.tag : reference.digest;
}

function notKept({ repository, reference }: KeptContent): RegistryError {
  const message = `nobody has said that ${textOf(reference)} of ${repository} is to be kept; patterns are kept-tags of a namespace`;
  return new RegistryError("not-found", message);
}

async function requireThere(queries: Queries, { repository, repositoryId, reference }: KeptContent): Promise<void> {
  const found =
    reference.kind === "tag"
      ? await findTag(queries, repositoryId, reference.tag)
      : await findManifestId(queries, repositoryId, reference.digest);
  if (found === undefined) throw new RegistryError("not-found", `${repository} has no ${textOf(reference)}`);
}
