import {
  findKeptManifests,
  findLeases,
  findManifestTies,
  findPresentManifests,
  type Keep,
  type Lease,
  type ManifestTies,
  type Queries,
} from "../../metadata/index.ts";
import { type Digest, subjectOfTag, type Tag } from "../../oci/index.ts";
import { showKeep } from "../retention/keep-content.ts";
import { parseAge } from "../settings/age.ts";
import { findSettingsOf, type Settings } from "../settings/settings.ts";
import type { Collection, UntaggedRule } from "./collection.ts";

/** Why a manifest stays. */
export type ManifestKeeper =
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "index"; readonly digest: Digest }
  | { readonly kind: "subject"; readonly digest: Digest }
  /** Nothing goes from its repository: `node` says so. */
  | { readonly kind: "protected"; readonly node: string }
  /** A cluster runs it, and may no more if nothing is heard of it until then. */
  | { readonly kind: "in-use"; readonly cluster: string; readonly sinceMs: number; readonly untilMs: number }
  /** Somebody wants it to stay; `untilMs` is `null` for good. */
  | { readonly kind: "kept"; readonly reason: string; readonly untilMs: number | null }
  /** Somebody has deleted its tag, the index that it belongs to, or its subject, and can have that back. */
  | { readonly kind: "bin"; readonly entry: number; readonly untilMs: number }
  /** Nothing names it; untagged manifests of its repository stay. `node` says so; `undefined`: none says anything. */
  | { readonly kind: "untagged-rule"; readonly node: string | undefined }
  /** The same for some time yet. */
  | { readonly kind: "untagged-age"; readonly node: string | undefined; readonly untilMs: number };

export interface Judgement {
  readonly ties: ManifestTies;
  /** `undefined`: it goes. */
  readonly keeper: ManifestKeeper | undefined;
}

/** What is known of a manifest that may be a candidate. */
export interface Candidacy {
  /** The index that it belonged to, or its subject, was deleted. */
  readonly isOrphan: boolean;
  /** Since when it may have no tag. */
  readonly sinceMs: number;
}

/** What holds for untagged manifests somewhere. */
interface EffectiveUntagged {
  readonly rule: UntaggedRule;
  readonly afterMs: number;
  readonly node: string | undefined;
}

/** What to judge a manifest by, beside its ties. */
interface Circumstances extends Candidacy {
  readonly untagged: EffectiveUntagged;
  /** The node that protects its repository, if one does. */
  readonly protectedBy: string | undefined;
  readonly nowMs: number;
  /** By what its digest begins with. */
  readonly isThere: (subject: string) => boolean;
  /** The one that holds longest. */
  readonly lease: Lease | undefined;
  readonly keep: Keep | undefined;
}

/**
 * What keeps a manifest: a tag, an index that names it, a subject, or that its repository is protected. Those that were made for another one live and die with it;
 * a tag that says no more than what it is attached to keeps for as long as that is there.
 */
function keeperOf(ties: ManifestTies, circumstances: Circumstances): ManifestKeeper | undefined {
  const { isOrphan, isThere, protectedBy, lease, keep } = circumstances;
  const tag = ties.tags.find((name) => {
    const subject = isOrphan ? subjectOfTag(name) : undefined;
    return subject === undefined || isThere(subject);
  });
  if (tag !== undefined) return { kind: "tag", tag };
  if (ties.parent !== null) return { kind: "index", digest: ties.parent };
  if (ties.subject !== null && ties.hasSubject) return { kind: "subject", digest: ties.subject };
  if (protectedBy !== undefined) return { kind: "protected", node: protectedBy };
  if (lease) {
    const { cluster, sinceMs, holdsUntilMs: untilMs } = lease;
    return { kind: "in-use", cluster, sinceMs, untilMs };
  }
  if (keep) return { kind: "kept", reason: showKeep(keep), untilMs: keep.untilMs };
  if (ties.bin !== null) return { kind: "bin", ...ties.bin };
  return isOrphan ? undefined : keeperOfUntagged(circumstances);
}

function keeperOfUntagged({ untagged, sinceMs, nowMs }: Circumstances): ManifestKeeper | undefined {
  const { rule, afterMs, node } = untagged;
  if (rule === "keep") return { kind: "untagged-rule", node };
  const untilMs = sinceMs + afterMs;
  return nowMs < untilMs ? { kind: "untagged-age", node, untilMs } : undefined;
}

/** By what to judge several manifests. */
export interface JudgingBy extends Pick<Collection, "untagged"> {
  readonly nowMs: number;
  readonly candidacyOf: (id: number) => Candidacy;
}

/** What keeps each of the manifests that are there. */
export async function judge(
  queries: Queries,
  ids: readonly number[],
  { untagged, nowMs, candidacyOf: candidacy }: JudgingBy,
): Promise<readonly Judgement[]> {
  const found = await findManifestTies(queries, ids);
  const present = await findPresentManifests(queries, found.flatMap(subjectsOfTags));
  const leases = Map.groupBy(await findLeases(queries, found, nowMs), keyOf);
  const keeps = await findKeptManifests(queries, found, nowMs);
  const settingsOf = await findSettingsOf(queries, [...new Set(found.map(({ repository }) => repository))]);
  return found.map((ties) => {
    const { id, repository, repositoryId } = ties;
    const settings = settingsOf(repository);
    const circumstances = {
      ...candidacy(id),
      untagged: untaggedOf(settings, untagged),
      protectedBy: settings.protected?.value ? settings.protected.node : undefined,
      nowMs,
      isThere: (subject: string) => present.has(`${repositoryId} ${subject}`),
      keep: keeps.get(`${repositoryId} ${ties.digest}`),
      lease: leases.get(keyOf(ties))?.[0],
    };
    return { ties, keeper: keeperOf(ties, circumstances) };
  });
}

function keyOf({ repository, digest }: Pick<Lease, "repository" | "digest">): string {
  return `${repository}@${digest}`;
}

function subjectsOfTags({ repositoryId, tags }: ManifestTies): (readonly [number, string])[] {
  return tags.flatMap((tag) => {
    const subject = subjectOfTag(tag);
    return subject === undefined ? [] : [[repositoryId, subject] as const];
  });
}

function untaggedOf({ untagged: said }: Settings, byDefault: UntaggedRule): EffectiveUntagged {
  if (!said) return { rule: byDefault, afterMs: 0, node: undefined };
  const { rule, after } = said.value;
  return { rule, afterMs: after === undefined ? 0 : parseAge(after), node: said.node };
}
