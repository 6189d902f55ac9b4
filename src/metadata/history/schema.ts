import type { Generated } from "kysely";
import type { Digest, Tag } from "../../oci/index.ts";

/** What made, moved or deleted a tag. */
export type TagCause =
  | "push"
  | "import"
  | "rollback"
  | "restore"
  | "delete"
  | "expiry"
  | "retention"
  | "clean-up"
  | "move";

/** A row for each time a tag was made, moved or deleted, in the order in which that happened. */
export interface TagHistoryTable {
  id: Generated<number>;
  repository_id: number;
  tag: Tag;
  /** What it points at since; `null`: it was deleted. */
  digest: Digest | null;
  /** What it pointed at before; `null`: it was not there. */
  from_digest: Digest | null;
  /** Since when at least, so that what was before is known although its own row was removed, or never was. */
  from_since_ms: number | null;
  at_ms: number;
  cause: TagCause;
  actor: string | null;
  address: string | null;
  /** Of retention: what it judged by, and the run; for people. */
  reason: Generated<string | null>;
  /** Of a tag that was moved: the place that it went to, or came from, such as `team/app:1.0`. */
  other_place: Generated<string | null>;
}
