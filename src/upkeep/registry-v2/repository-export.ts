import type { Queries } from "../../metadata/index.ts";
import { type Digest, hasDigest, type RepositoryName } from "../../oci/index.ts";
import { blobKeyOf } from "../../registry/index.ts";
import type { StorageDriver, StorageKey } from "../../storage/index.ts";
import type { BlobsCopy } from "../backup/copy-blobs.ts";
import { type Damage, DamageError } from "./damage.ts";
import { linkOf } from "./layout.ts";
import { readLink } from "./read-link.ts";

/** What was done to the files of one repository, or of all. */
export interface ExportTally {
  blobs: number;
  manifests: number;
  tags: number;
  /** Lists of what refers to a manifest, under tags that only registry:2 needs. */
  referrerLists: number;
  /** Files that were not there, or said something else. */
  written: number;
  /** Files of what Berth does not hold. */
  removed: number;
}

/** Bytes that lie elsewhere than registry:2's files. */
export interface BlobSource extends Pick<BlobsCopy, "from" | "newId" | "signal"> {
  /** Hears how large each blob is that is in its place, or missing. */
  readonly onPlaced?: ((bytes: number) => void) | undefined;
}

/** One repository on its way into registry:2's files. */
export interface RepositoryExport {
  readonly reads: Queries;
  /** Where registry:2's files are. */
  readonly storage: StorageDriver;
  /** Where blobs come from; absent: they are where registry:2 looks for them. */
  readonly source?: BlobSource | undefined;
  readonly name: RepositoryName;
  readonly repositoryId: number;
  /** Whether registry:2's files give way where they say more than Berth, or something newer. */
  readonly prune: boolean;
  readonly tally: ExportTally;
  readonly onDamage: (damage: Damage) => void;
  readonly onKept: (kept: KeptLink) => void;
}

/** What registry:2's files say and Berth does not, and was left as it is. */
export interface KeptLink {
  /** As it was found: it may not be a valid name. */
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
  readonly reason: "unknown" | "moved-later";
}

/** Makes a link say `digest`, durably; one that does so already is not touched. */
export async function writeLink({ storage, tally }: RepositoryExport, key: StorageKey, digest: Digest): Promise<void> {
  if ((await currentDigest(storage, key)) === digest) return;
  await storage.write(key, new TextEncoder().encode(digest));
  tally.written++;
}

/** Writes a manifest, unless it is there and right, and says that the repository has it. */
export async function writeRevision(target: RepositoryExport, digest: Digest, body: Uint8Array): Promise<void> {
  const { storage, name, tally } = target;
  const key = blobKeyOf(digest);
  const there = await (await storage.read(key))?.bytes();
  if (!there || !hasDigest(there, digest)) {
    await storage.write(key, body);
    tally.written++;
  }
  await writeLink(target, linkOf(name, "_manifests/revisions", digest), digest);
}

/** What a link says now; nothing as well if it cannot be read, since it is about to be written. */
export async function currentDigest(storage: StorageDriver, key: StorageKey): Promise<Digest | undefined> {
  const found = await storage.stat(key);
  if (!found) return undefined;
  return readLink(storage, found).catch((error: unknown) => {
    if (error instanceof DamageError) return undefined;
    throw error;
  });
}
