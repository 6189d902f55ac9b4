import { condemnUnneededBlobs, findBlobId, putBlob, type Queries } from "../../metadata/index.ts";
import type { Digest } from "../../oci/index.ts";
import { blobKeyOf } from "../storage-keys.ts";

/**
 * Leaves bytes that lay among the blobs for another reason to clean-up, unless a repository has them as a blob. They go the way of blobs, so
 * that a push which counts on them takes them over.
 */
export async function releaseBytes(
  queries: Queries,
  { digest, sizeBytes, nowMs }: { readonly digest: Digest; readonly sizeBytes: number; readonly nowMs: number },
): Promise<void> {
  const row = { digest, sizeBytes, storageKey: blobKeyOf(digest), createdAtMs: nowMs };
  const known = await findBlobId(queries, digest);
  await condemnUnneededBlobs(queries, [known ?? (await putBlob(queries, row))], nowMs);
}
