import {
  findBinnedManifest,
  findManifestFacts,
  findManifestId,
  findTag,
  isManifestLost,
  listTagChanges,
  type Queries,
  type TagPlace,
} from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName, type Tag } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { addWithinQuotas } from "../quotas/add-within-quotas.ts";
import { findTagState } from "./find-tag-state.ts";
import { moveTag } from "./move-tag.ts";

/** Where a tag is to point again: at a manifest, where it pointed before its last changes, or where it pointed at a time. */
export type RollBackTarget = { readonly digest: Digest } | { readonly steps: number } | { readonly atMs: number };

export interface RollBack extends TagPlace {
  readonly repository: RepositoryName;
  readonly target: RollBackTarget;
}

/**
 * Points a tag where it pointed before, also one that was deleted. Where it points there already nothing is changed.
 * @returns what it points at
 * @throws RegistryError `conflict` if that is not known, or the manifest is not there any more, `denied` where a quota would be exceeded
 */
export async function rollBackTag(change: RegistryChange, rollBack: RollBack): Promise<Digest> {
  const { queries } = change;
  const { repositoryId, tag, repository, target } = rollBack;
  const digest = await findRollBackDigest(queries, rollBack);
  const from = (await findTag(queries, repositoryId, tag))?.digest;
  if (from === digest) return digest;
  await requireWholeManifest(queries, rollBack, digest);
  const manifestId = await findManifestId(queries, repositoryId, digest);
  if (manifestId === undefined) throw new Error(`${digest} was there, and is not`);
  await addWithinQuotas(queries, repository, () =>
    moveTag(change, { repository, repositoryId, tag, manifestId, digest, cause: "rollback" }),
  );
  const wanted = "atMs" in target ? { at: new Date(target.atMs).toISOString() } : target;
  await change.record({ act: "tag.rollback", target: repository, detail: { tag, from, ...wanted, digest } });
  return digest;
}

async function findRollBackDigest(queries: Queries, rollBack: RollBack): Promise<Digest> {
  const { target } = rollBack;
  if ("digest" in target) return target.digest;
  return "steps" in target
    ? findDigestBefore(queries, rollBack, target.steps)
    : findDigestAt(queries, rollBack, target.atMs);
}

async function findDigestBefore(queries: Queries, { tag, ...place }: RollBack, steps: number): Promise<Digest> {
  const changes = await listTagChanges(queries, { tag, ...place }, { limit: steps });
  const oldest = changes[steps - 1];
  if (!oldest) throw tooFarBack(tag, changes.length, steps);
  if (oldest.fromDigest !== null) return oldest.fromDigest;
  throw new RegistryError(
    "conflict",
    `before change ${oldest.id} there was no tag ${tag}: delete it, if that is meant`,
  );
}

function tooFarBack(tag: Tag, known: number, steps: number): RegistryError {
  const changes = known === 1 ? "one change" : `${known} changes`;
  return new RegistryError(
    "conflict",
    known === 0
      ? `there is no tag ${tag}, and none on record: say the digest that it is to point at`
      : `the history of tag ${tag} has ${changes}: there is nothing ${steps} back`,
  );
}

async function findDigestAt(queries: Queries, place: RollBack, atMs: number): Promise<Digest> {
  const state = await findTagState(queries, place, atMs);
  if (state.kind === "known") return state.digest;
  const at = new Date(atMs).toISOString();
  throw new RegistryError(
    "conflict",
    state.kind === "absent"
      ? `there was no tag ${place.tag} at ${at}`
      : `the history of tag ${place.tag} does not go back to ${at}`,
  );
}

/** @throws RegistryError `conflict` */
export async function requireWholeManifest(
  queries: Queries,
  { repositoryId, repository }: Pick<RollBack, "repositoryId" | "repository">,
  digest: Digest,
): Promise<void> {
  const facts = await findManifestFacts(queries, repositoryId, digest);
  if (facts && !isManifestLost(facts)) return;
  const entry = await findBinnedManifest(queries, repositoryId, digest);
  const remedy = entry === undefined ? "push it again first" : `restore entry ${entry} of the bin first`;
  const state = facts ? "the bytes of manifest" : "there is no manifest";
  const rest = facts ? `in ${repository} are damaged` : `in ${repository} any more`;
  throw new RegistryError("conflict", `${state} ${digest} ${rest}: ${remedy}`, { detail: { digest, entry } });
}
