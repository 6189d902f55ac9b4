import {
  type StoredBlob,
  findBlob,
  listRepositoriesOfBlob,
  type LossReason,
  recordBlobLoss,
  restoreBlob,
} from "../../metadata/index.ts";
import { keyOf, type Quarantine, quarantineBlob, type Registry } from "../../registry/index.ts";
import { StorageError, type StoredObject } from "../../storage/index.ts";
import type { Finding } from "./finding.ts";
import { type BlobReader, inspectBlob } from "./inspect-blob.ts";

export interface BlobScrub {
  readonly registry: Registry;
  readonly reader: BlobReader;
  readonly report: (finding: Finding) => void;
}

/** `gone`: there is no such blob any more. */
export type BlobOutcome = "good" | "restored" | "damaged" | "missing" | "gone";

/** Pushes that come between at the very moment; more in a row than this are not believed. */
const MOST_ATTEMPTS = 5;
const MOST_REPOSITORIES = 20;

/**
 * Verifies one blob and does what follows. One that looks lost is read a second time, from what its row says then: it may have
 * been pushed or deleted meanwhile.
 */
export async function scrubBlob(scrub: BlobScrub, blob: StoredBlob): Promise<BlobOutcome> {
  const first = await inspectBlob(scrub.reader, blob);
  if (first.kind === "good") return settleGood(scrub, blob, first.sizeBytes);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const current = await findBlob(scrub.registry.metadata.reads, blob.digest);
    if (!current) return "gone";
    const again = await inspectBlob(scrub.reader, current);
    if (again.kind === "good") return settleGood(scrub, current, again.sizeBytes);
    const outcome = await settleLost(scrub, current, again);
    if (outcome) return outcome;
  }
  throw new StorageError("unavailable", `${blob.storageKey} changes too often to be checked`);
}

/** Takes a lost blob from the record if its bytes are good by now; leaves it alone if not. @returns whether they are */
export async function restoreIfGood(scrub: BlobScrub, blob: StoredBlob): Promise<boolean> {
  const found = await inspectBlob(scrub.reader, blob);
  if (found.kind === "good") await settleGood(scrub, blob, found.sizeBytes);
  return found.kind === "good";
}

async function settleGood({ registry, report }: BlobScrub, blob: StoredBlob, sizeBytes: number): Promise<BlobOutcome> {
  if (blob.lostReason === null && blob.sizeBytes === sizeBytes) return "good";
  const { digest, storageKey } = blob;
  await registry.metadata.transaction((queries) => restoreBlob(queries, { digest, storageKey, sizeBytes }));
  report({ kind: "restored-blob", digest });
  return "restored";
}

interface Loss {
  readonly reason: LossReason;
  readonly seen?: StoredObject;
}

/** @returns `undefined` if the blob was pushed or deleted meanwhile, and has to be looked at again */
async function settleLost(
  { registry, report }: BlobScrub,
  { digest, storageKey, lostReason }: StoredBlob,
  { reason, seen }: Loss,
): Promise<BlobOutcome | undefined> {
  const nowMs = registry.clock.nowMs();
  // Before the bytes are moved: a push after that finds the record and ends it.
  const isRecorded = await registry.metadata.transaction((queries) =>
    recordBlobLoss(queries, { digest, storageKey, reason, nowMs }),
  );
  if (!isRecorded || (!seen && (await registry.storage.stat(keyOf({ storageKey }))))) return undefined;
  const quarantine = seen && (await tryQuarantine(registry, { digest, storageKey }, seen));
  if (quarantine?.kind === "replaced") return undefined;
  const repositories = await listRepositoriesOfBlob(registry.metadata.reads, digest, MOST_REPOSITORIES);
  report({
    kind: "lost-blob",
    digest,
    storageKey,
    // What an earlier scrub found wrong is missing now because it was moved.
    reason: reason === "missing" && lostReason !== null ? lostReason : reason,
    repositories,
    ...(quarantine?.kind === "moved" && { quarantineKey: quarantine.key }),
    ...(quarantine?.kind === "failed" && { quarantineError: quarantine.error }),
  });
  return reason === "missing" && (lostReason === null || lostReason === "missing") ? "missing" : "damaged";
}

/** What cannot be moved, on a disk that takes no writes, is on record all the same. */
async function tryQuarantine(
  registry: Registry,
  blob: Pick<StoredBlob, "digest" | "storageKey">,
  seen: StoredObject,
): Promise<Quarantine | { readonly kind: "failed"; readonly error: unknown }> {
  try {
    return await quarantineBlob(registry, blob, seen);
  } catch (error) {
    return { kind: "failed", error };
  }
}
