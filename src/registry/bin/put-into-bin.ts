import { putManifestIntoBin, putTagIntoBin } from "../../metadata/index.ts";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";

/** What is about to be deleted: a tag alone, or a manifest with all tags that point at it. */
export interface Deletion {
  readonly repository: RepositoryName;
  readonly manifestId: number;
  readonly digest: Digest;
  /** Absent: the manifest. */
  readonly tag?: Tag | undefined;
}

/** Keeps what somebody deletes for some time; to be called before it is removed. With 0 nothing is kept. */
export async function putIntoBin(change: RegistryChange, deletion: Deletion, keepMs: number): Promise<void> {
  if (keepMs === 0) return;
  const { queries, nowMs, by } = change;
  const { repository, manifestId, digest, tag } = deletion;
  const kept = { nowMs, expiresAtMs: nowMs + keepMs, by };
  const entry = await (tag === undefined
    ? putManifestIntoBin(queries, manifestId, kept)
    : putTagIntoBin(queries, { manifestId, tag }, kept));
  // A manifest whose bytes were lost before leaves nothing that could come back.
  if (entry === undefined) return;
  const until = new Date(kept.expiresAtMs).toISOString();
  await change.record({ act: "bin.put", target: repository, detail: { entry, digest, tag, until } });
}
