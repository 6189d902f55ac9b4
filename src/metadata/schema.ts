import type { Generated } from "kysely";
import type { AccessSchema } from "./access/schema.ts";
import type { BinSchema } from "./bin/schema.ts";
import type { DescriptionSchema } from "./description/schema.ts";
import type { TagHistoryTable } from "./history/schema.ts";
import type { InUseSchema } from "./in-use/schema.ts";
import type { JobsSchema } from "./jobs/schema.ts";
import type { SwitchesTable } from "./switches/schema.ts";
import type { Digest, DigestAlgorithm, ManifestMediaType, RepositoryName, Tag } from "../oci/index.ts";

/** The tables, as Kysely sees them. Times are milliseconds since the Unix epoch, sizes are bytes. */
export interface Schema extends AccessSchema, BinSchema, DescriptionSchema, InUseSchema, JobsSchema {
  repositories: RepositoriesTable;
  blobs: BlobsTable;
  repository_blobs: RepositoryBlobsTable;
  manifests: ManifestsTable;
  manifest_references: ManifestReferencesTable;
  tags: TagsTable;
  tag_history: TagHistoryTable;
  uploads: UploadsTable;
  scrubs: ScrubsTable;
  garbage_candidates: GarbageCandidatesTable;
  removals: RemovalsTable;
  usage: UsageTable;
  tag_pulls: TagPullsTable;
  tag_uses: TagUsesTable;
  use_gaps: UseGapsTable;
  keeps: KeepsTable;
  manifest_marks: ManifestMarksTable;
  node_settings: NodeSettingsTable;
  tag_watches: TagWatchesTable;
  quota_uses: QuotaUsesTable;
  quota_alarms: QuotaAlarmsTable;
  stored_now: StoredNowTable;
  stored_days: StoredDaysTable;
  stored_bin: StoredBinTable;
  switches: SwitchesTable;
  repository_moves: RepositoryMovesTable;
  delete_requests: DeleteRequestsTable;
}

interface RepositoriesTable {
  id: Generated<number>;
  name: RepositoryName;
  created_at_ms: number;
  /** An import left manifests out, whose blobs stay. */
  is_partly_imported: Generated<0 | 1>;
  /** It has no manifest, and is not shown. */
  is_empty: Generated<0 | 1>;
  /** 0: it has the name that it was made with. */
  named_at_ms: Generated<number>;
  /** When something was imported into it last, which may bring older times; 0: never. */
  imported_at_ms: Generated<number>;
}

/** A delete that waits for a second person, or had one. */
interface DeleteRequestsTable {
  id: Generated<number>;
  /** A repository, or a node. */
  path: string;
  /** What of it: a tag, a digest, or a pattern. */
  subject: string;
  /** What had that name when it was asked for; empty where it may be anything. */
  target: string;
  /** What is done when it is approved; JSON. */
  work: string;
  requested_by: string | null;
  requested_at_ms: number;
  /** Exclusive. */
  expires_at_ms: number;
  state: "open" | "approved" | "refused";
  decided_by: string | null;
  decided_at_ms: number | null;
}

/** A name that a repository had before. */
interface RepositoryMovesTable {
  name: RepositoryName;
  repository_id: number;
  moved_at_ms: number;
  /** Exclusive. From then on the name is anybody's; what runs under it is still known for the repository's. */
  serves_until_ms: number;
  actor: string | null;
}

/** Content that storage holds, once per digest; two digests of the same bytes may share one storage key. */
interface BlobsTable {
  id: Generated<number>;
  digest: Digest;
  size_bytes: number;
  storage_key: string;
  created_at_ms: number;
  /** `null`: as far as is known the bytes are good. */
  lost_reason: LossReason | null;
  lost_at_ms: number | null;
  /** Since when no repository has it, once that was found; `null` as soon as one has it again. */
  condemned_at_ms: number | null;
  /** Since when storage is asked to remove the bytes without an answer: until there is one nobody may have the blob. */
  removing_since_ms: number | null;
}

/** What was found of a blob's bytes: nothing, more or less of them than there should be, others, or a disk that cannot read them. */
export type LossReason = "missing" | "wrong-size" | "wrong-digest" | "unreadable";

/** "This repository has this blob": a blob without such a row does not exist for the repository's users. */
interface RepositoryBlobsTable {
  repository_id: number;
  blob_id: number;
  linked_at_ms: number;
}

/**
 * `body` is the last column, so that reading the others does not touch its pages. A manifest whose bytes were found damaged has
 * none: its size is 0 then, until it is pushed again.
 */
interface ManifestsTable {
  id: Generated<number>;
  repository_id: number;
  digest: Digest;
  media_type: ManifestMediaType;
  artifact_type: string | null;
  subject_digest: Digest | null;
  /** JSON, only kept where there is a subject: a list of referrers shows them. */
  annotations: string | null;
  size_bytes: number;
  created_at_ms: number;
  body: Uint8Array;
}

/** What a manifest names: its config and layers (`blob`) or the children of an index (`manifest`). */
interface ManifestReferencesTable {
  manifest_id: number;
  /** The manifest's. */
  repository_id: number;
  position: number;
  kind: "blob" | "manifest";
  digest: Digest;
  media_type: string;
  size_bytes: number;
}

interface TagsTable {
  repository_id: number;
  name: Tag;
  manifest_id: number;
  updated_at_ms: number;
  /** When it goes by itself; `null`: never. */
  expires_at_ms: number | null;
  /** Whether that has still to be read from the labels of its image. */
  is_label_unread: Generated<0 | 1>;
}

/** Sessions are not tied to a repository's row: starting an upload does not yet make a repository. */
interface UploadsTable {
  id: string;
  repository_name: RepositoryName;
  algorithm: DigestAlgorithm;
  /** The storage driver's `UploadState` as JSON. */
  state: string;
  started_at_ms: number;
  updated_at_ms: number;
  /** The account that did; `null` where nobody had to sign in. */
  started_by: string | null;
}

/** At most one row: the scrub that runs or was interrupted, or else the last one. */
interface ScrubsTable {
  id: 1;
  /** The run that works on it; `null` if none does. */
  owner: string | null;
  started_at_ms: number;
  updated_at_ms: number;
  finished_at_ms: number | null;
  /** Where it is and what it found, as JSON. */
  progress: string;
}

/** What may have lost the last that named it; triggers enter it wherever that may happen, and it is looked at later. */
interface GarbageCandidatesTable {
  id: Generated<number>;
  /** That a repository has a blob · a blob that no repository may have · a manifest that nothing may name. */
  kind: "link" | "blob" | "manifest";
  /** 0 for a blob. */
  repository_id: number;
  /** A blob's id, or a manifest's. */
  target_id: number;
  /** Of a manifest: the index that it belonged to, or its subject, was deleted. */
  is_orphan: 0 | 1;
  since_ms: number;
  /** Of a manifest that had to wait longer than others: since when it is a candidate in truth. */
  untagged_since_ms: number | null;
}

/** What clean-up has removed. */
interface RemovalsTable {
  id: Generated<number>;
  kind: "link" | "blob" | "manifest";
  digest: Digest;
  /** `null` for a blob. */
  repository: RepositoryName | null;
  size_bytes: number;
  /** For people. */
  reason: string;
  /** The run that did it. */
  run: string;
  at_ms: number;
}

/** What was moved on a day, in UTC. */
interface UsageTable {
  day: string;
  repository: string;
  /** Empty for who was not signed in. */
  principal: string;
  pulls: number;
  pushes: number;
  received_bytes: number;
  sent_bytes: number;
  cut_bytes: Generated<number>;
}

interface TagPullsTable {
  repository_id: number;
  tag: Tag;
  pulls: number;
  last_pulled_at_ms: number;
}

/** When a manifest that the tag needs was last asked for, or the tag was taken over from elsewhere. */
interface TagUsesTable {
  repository_id: number;
  tag: Tag;
  last_used_at_ms: number;
  /** Nobody knows when it was, but not before that. */
  is_guessed: 0 | 1;
}

/** When no use was put on record. */
interface UseGapsTable {
  from_ms: number;
  to_ms: number;
}

/** What somebody wants to stay. */
interface KeepsTable {
  repository_id: number;
  /** A tag, or the digest of a manifest. */
  reference: string;
  reason: string;
  /** `null`: for good. */
  until_ms: number | null;
  actor: string | null;
  at_ms: number;
}

/** What an image says of itself, by an annotation or a label, that keeps its tags. */
interface ManifestMarksTable {
  manifest_id: number;
  name: string;
  value: string;
}

/** What a node of the namespace tree says itself, beside who may do what; the root is `""`. */
interface NodeSettingsTable {
  path: string;
  name: string;
  /** JSON. */
  value: string;
  updated_at_ms: number;
}

/** Who wants to know whether the tags of a repository change; triggers tell. */
interface TagWatchesTable {
  repository_id: number;
  run: string;
  since_ms: number;
  is_changed: 0 | 1;
}

/** What a node with a quota holds, below it too; triggers count, together with tables that only they look at. */
interface QuotaUsesTable {
  path: string;
  /** Of blobs, each once. */
  bytes: number;
  tags: number;
  repositories: number;
}

/** What was told of a limit. It goes when the quota is taken back. */
interface QuotaAlarmsTable {
  path: string;
  quantity: string;
  /** That it is nearly reached, until it is so no more · that a push was refused, the last time. */
  kind: "warn" | "refused";
  at_ms: number;
}

/** How much a node held when it was measured last, with all below it. */
interface StoredNowTable {
  node: string;
  at_ms: number;
  stored_bytes: number;
  deduped_bytes: number;
  unique_bytes: number;
}

/** How much a node held on a day, in UTC, for how long. */
interface StoredDaysTable {
  node: string;
  day: string;
  hours: number;
  stored_byte_hours: number;
  deduped_byte_hours: number;
  unique_byte_hours: number;
}

/** At most one row. */
interface StoredBinTable {
  id: 1;
  /** Of blobs that something in the bin kept when that was measured last. */
  bytes: number;
}
