import { findBinEntry, findBinnedManifest, removeBinEntries, removeManifest } from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../../oci/index.ts";
import { restoreManifest } from "../bin/restore-from-bin.ts";
import { putIntoBin } from "../bin/put-into-bin.ts";
import type { RegistryChange } from "../change.ts";
import type { ValidationOptions } from "../options.ts";

/** On the way back to a time, where what is immutable, protected or too much for a quota is no hindrance. */
export interface Past extends RegistryChange {
  /** All that happened until then, inclusive, stands. */
  readonly atMs: number;
  readonly validation: ValidationOptions;
}

/** Brings a manifest back from the bin, without its tags. @returns its row; `undefined`: its bytes are damaged, and it stays there */
export async function bringBack(past: Past, entryId: number): Promise<number | undefined> {
  const entry = await findBinEntry(past.queries, entryId);
  if (!entry) return undefined;
  try {
    const { validation } = past;
    const id = await restoreManifest(past, { entry, force: true, validation });
    await removeBinEntries(past.queries, [entryId]);
    return id;
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "unavailable") return undefined;
    throw error;
  }
}

/** As `bringBack`, by its digest. */
export async function bringBackLast(past: Past, repositoryId: number, digest: Digest): Promise<number | undefined> {
  const entry = await findBinnedManifest(past.queries, repositoryId, digest);
  return entry === undefined ? undefined : bringBack(past, entry);
}

export interface YoungManifest {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  readonly digest: Digest;
  readonly manifestId: number;
  /** How long it can be had back; 0: not at all. */
  readonly binKeepMs: number;
}

/** Takes away a manifest that came later, into the bin. */
export async function takeAway(past: Past, { binKeepMs, ...young }: YoungManifest): Promise<void> {
  await putIntoBin(past, young, binKeepMs);
  await removeManifest(past.queries, young.repositoryId, young.digest);
}
