import {
  type BinKeeper,
  type BlobStanding,
  findBlobStanding,
  findLastTagLoss,
  type Lease,
  type LinkStanding,
  listBinKeepers,
  listLeasesOf,
  listLinkStandings,
  listManifestStandings,
  listRemovals,
  type Queries,
  type Removal,
  type TagLoss,
} from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { Collection } from "./collection.ts";
import { judge, type ManifestKeeper } from "./judge-manifests.ts";

/** Why content is there, or is not any more. */
export interface ContentExplanation {
  readonly digest: Digest;
  /** `undefined`: there is no such blob. */
  readonly blob: BlobStanding | undefined;
  readonly links: readonly LinkStanding[];
  readonly manifests: readonly ExplainedManifest[];
  /** Where it runs, the longest first. */
  readonly inUse: readonly Lease[];
  /** What of the bin it is in, or is kept by. */
  readonly bin: readonly BinKeeper[];
  /** What clean-up removed of it, the newest first. */
  readonly removals: readonly ExplainedRemoval[];
}

export interface ExplainedRemoval extends Removal {
  /** Of a manifest that had a tag: how it lost the last one. */
  readonly lastTag: TagLoss | undefined;
}

export interface ExplainedManifest {
  readonly repository: RepositoryName;
  /** `undefined`: nothing keeps it; it goes when it was a candidate for long enough. */
  readonly keeper: ManifestKeeper | undefined;
  readonly candidateSinceMs: number | null;
}

/** Of each kind, so that the answer stays short. */
const MOST_SHOWN = 20;

/** What keeps a blob or a manifest, or what removed it: as clean-up would judge it now. */
export async function explainContent(
  queries: Queries,
  digest: Digest,
  { untagged, nowMs }: Pick<Collection, "untagged"> & { readonly nowMs: number },
): Promise<ContentExplanation> {
  const standings = await listManifestStandings(queries, digest, MOST_SHOWN);
  const byId = new Map(standings.map((standing) => [standing.id, standing]));
  const candidacyOf = (id: number) => {
    const standing = byId.get(id);
    const sinceMs = standing?.untaggedSinceMs ?? standing?.candidateSinceMs ?? nowMs;
    return { isOrphan: standing?.isOrphan ?? false, sinceMs };
  };
  const judgements = await judge(queries, [...byId.keys()], { untagged, nowMs, candidacyOf });
  return {
    digest,
    blob: await findBlobStanding(queries, digest),
    links: await listLinkStandings(queries, digest, MOST_SHOWN),
    manifests: judgements.map(({ ties: { id, repository }, keeper }) => {
      return { repository, keeper, candidateSinceMs: byId.get(id)?.candidateSinceMs ?? null };
    }),
    inUse: await listLeasesOf(queries, digest, { nowMs, limit: MOST_SHOWN }),
    bin: await listBinKeepers(queries, digest, MOST_SHOWN),
    removals: await explainRemovals(queries, digest),
  };
}

async function explainRemovals(queries: Queries, digest: Digest): Promise<readonly ExplainedRemoval[]> {
  const removals: ExplainedRemoval[] = [];
  for (const removal of await listRemovals(queries, digest, MOST_SHOWN)) {
    const { kind, repository, atMs: untilMs } = removal;
    const isOfTags = kind === "manifest" && repository !== null;
    const lastTag = isOfTags ? await findLastTagLoss(queries, { repository, digest, untilMs }) : undefined;
    removals.push({ ...removal, lastTag });
  }
  return removals;
}
