import type { Generated } from "kysely";
import type { Digest, ManifestMediaType, Tag } from "../../oci/index.ts";

/** What clients have deleted and can have back. To the registry API it does not exist. */
export interface BinSchema {
  bin_entries: BinEntriesTable;
  bin_tags: BinTagsTable;
  bin_references: BinReferencesTable;
}

interface BinEntriesTable {
  id: Generated<number>;
  repository_id: number;
  /** A manifest with its tags, or a tag alone. */
  kind: "manifest" | "tag";
  /** Of the manifest, or of what the tag pointed at. */
  digest: Digest;
  media_type: ManifestMediaType;
  size_bytes: number;
  deleted_at_ms: number;
  expires_at_ms: number;
  actor: string | null;
  address: string | null;
  /** A manifest's bytes; `null` for a tag. The last column, so that reading the others does not touch its pages. */
  body: Uint8Array | null;
}

/** The tags that come back with an entry. */
interface BinTagsTable {
  entry_id: number;
  name: Tag;
}

/** What an entry keeps from clean-up. */
interface BinReferencesTable {
  entry_id: number;
  /** The entry's. */
  repository_id: number;
  /** As the manifest names it; `tagged`: what a tag pointed at. */
  kind: "blob" | "manifest" | "tagged";
  digest: Digest;
  /** Whether the repository had it as a blob then, and so may have it back. */
  is_linked: 0 | 1;
}
