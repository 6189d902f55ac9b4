import type { Generated } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";

/** How far storage describes what there is. */
export interface DescriptionSchema {
  descriptions: DescriptionsTable;
  described_manifests: DescribedManifestsTable;
  undescribed: UndescribedTable;
}

interface DescriptionsTable {
  id: 1;
  /** The name that the storage has, too. */
  place: string;
  /** The last manifest that is described. */
  manifest_id: number;
  /** The last row of a tag's history that is. */
  tag_change_id: number;
  /** When all was looked at, whatever had changed; `null`: that is still to be done. */
  whole_at_ms: number | null;
}

/** A manifest whose bytes lie among the blobs, for this repository. */
interface DescribedManifestsTable {
  digest: Digest;
  /** As it was called then. */
  repository: RepositoryName;
  repository_id: number;
  /** It was deleted, or its repository was or has another name. */
  is_gone: 0 | 1;
}

/** What may be described otherwise than it is; triggers enter it. */
interface UndescribedTable {
  /** That the repository has a blob · all of the repository. */
  kind: "link" | "repository";
  repository: RepositoryName;
  /** Empty for a repository. */
  digest: Digest | "";
  /** It is being looked at, and was not entered anew since that began. */
  is_under_way: Generated<0 | 1>;
}
