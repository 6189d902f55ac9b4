import {
  findRepositoryId,
  listManifestDigests,
  listTaggedManifests,
  listTagsOfManifest,
  type Queries,
} from "../../metadata/index.ts";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import { parseTextPattern } from "../../runtime/index.ts";
import { requireApproved } from "../approvals/require-approved.ts";
import { requireTagNotRunning } from "../in-use/guard-running.ts";
import { requireTagDeletable } from "../settings/guard-content.ts";
import { requireManifestMayGo } from "./delete-content.ts";
import { type DeletionAuthority, type ManyDoomed, refusalOf, requireMayDelete } from "./delete-many.ts";

/** Something that a deletion is about. */
export interface DeletionVerdict {
  readonly repository: RepositoryName;
  readonly kind: "manifest" | "tag";
  /** Of the manifest, or of what the tag points at. */
  readonly digest: Digest;
  /** The tag, or the first of those that go with a manifest. */
  readonly tags: readonly Tag[];
  /** Why it stays; `undefined`: it goes. */
  readonly refusal: string | undefined;
}

export interface DeletionPreview extends ManyDoomed {
  /** The tag or digest that the page before ended with; `""` is the first. */
  readonly after: string;
  readonly limit: number;
  readonly nowMs: number;
  readonly authority: DeletionAuthority;
  /** A second person is asked about all of it at once. */
  readonly isApproved: boolean;
}

export interface DeletionPage {
  readonly verdicts: readonly DeletionVerdict[];
  /** Where the next page starts; `undefined`: this was the last. */
  readonly next: string | undefined;
}

/** What would become of the content of one repository; in the order of tags, or of digests. A page may be short. */
export async function previewDeletion(queries: Queries, preview: DeletionPreview): Promise<DeletionPage> {
  const repositoryId = await findRepositoryId(queries, preview.repository);
  if (repositoryId === undefined) return { verdicts: [], next: undefined };
  const { tags } = preview;
  const place = { ...preview, repositoryId, approvalRefusal: await refusalOf(() => requireApproved(queries, preview)) };
  if (tags === undefined) return previewManifests(queries, place);
  return previewTags(queries, place, parseTextPattern(tags));
}

interface Place extends DeletionPreview {
  readonly repositoryId: number;
  /** The same for all of a repository. */
  readonly approvalRefusal: string | undefined;
}

async function previewManifests(queries: Queries, place: Place): Promise<DeletionPage> {
  const { repository, repositoryId, limit, authority, approvalRefusal } = place;
  const digests = await listManifestDigests(queries, repositoryId, place);
  const verdicts: DeletionVerdict[] = [];
  for (const digest of digests) {
    if (!authority.maySee(repository, { kind: "digest", digest })) continue;
    const tags = await listTagsOfManifest(queries, { repositoryId, digest }, TAGS_TOLD);
    const refusal = await refusalOf(async () => {
      requireMayDelete(authority, repository, { kind: "digest", digest });
      await requireManifestMayGo(queries, { ...place, digest });
    });
    verdicts.push({ repository, kind: "manifest", digest, tags, refusal: refusal ?? approvalRefusal });
  }
  return { verdicts, next: digests.length < limit ? undefined : digests.at(-1) };
}

const TAGS_TOLD = 100;

async function previewTags(queries: Queries, place: Place, matches: (tag: string) => boolean): Promise<DeletionPage> {
  const { repository, repositoryId, after, limit, authority, approvalRefusal } = place;
  const rows = await listTaggedManifests(queries, repositoryId, { after, limit: ROWS_AT_ONCE });
  const verdicts: DeletionVerdict[] = [];
  for (const { tag, digest } of rows) {
    if (!matches(tag) || !authority.maySee(repository, { kind: "tag", tag })) continue;
    const last = verdicts.at(-1)?.tags[0];
    if (verdicts.length === limit && last !== undefined) return { verdicts, next: last };
    const refusal = await refusalOf(async () => {
      requireMayDelete(authority, repository, { kind: "tag", tag });
      await requireTagDeletable(queries, { repository, tag });
      // They go in the order of their names.
      await requireTagNotRunning(queries, { ...place, digest }, (other) => other < tag && matches(other));
    });
    verdicts.push({ repository, kind: "tag", digest, tags: [tag], refusal: refusal ?? approvalRefusal });
  }
  return { verdicts, next: rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.tag };
}

const ROWS_AT_ONCE = 1000;
