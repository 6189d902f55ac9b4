import type { Generated } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";

/** What clusters say that they are running. */
export interface InUseSchema {
  in_use_clusters: ClustersTable;
  in_use_leases: LeasesTable;
}

interface ClustersTable {
  name: string;
  heard_at_ms: number;
  /** From then on its leases hold nothing, unless it is heard of again. */
  holds_until_ms: number;
  /** The only one who reports for it, of those who may do nothing but report; `null`: whoever is the first. */
  reported_by: Generated<string | null>;
}

/** That a cluster runs an image, which need not be there. */
interface LeasesTable {
  cluster: string;
  repository: RepositoryName;
  digest: Digest;
  /** When the cluster first said so; it has ever since. */
  since_ms: number;
}
