import {
  listMissingReferences,
  type MissingReference,
  nominateManifest,
  putImportTime,
  putManifest,
  type Queries,
} from "../../metadata/index.ts";
import { type Digest, isDigest, isManifestMediaType, isNonDistributable } from "../../oci/index.ts";
import type { StoredObject } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { inBatches, inParallel } from "../in-parallel.ts";
import { digestOfLink, prefixOfLinks } from "./layout.ts";
import { readManifest, type ReadManifest } from "./read-manifest.ts";
import { MOST_READS, orDamage, present, type RepositoryImport, writeBatch } from "./repository-import.ts";

const BATCH_BYTES = 8 * 1024 * 1024;

interface FoundManifest extends ReadManifest {
  readonly digest: Digest;
  readonly createdAtMs: number;
}

/** Takes over a repository's manifests, tagged or not, each read and verified. */
export async function importManifests(target: RepositoryImport): Promise<void> {
  const links = target.storage.iterate(prefixOfLinks(target.name, "_manifests/revisions"));
  const redundant = new Set<string>(target.redundant.values());
  const isWanted = (link: StoredObject) =>
    !redundant.has(digestOfLink(link.key, prefixOfLinks(target.name, "_manifests/revisions")) ?? "");
  const manifests = present(
    inParallel(links, MOST_READS, (link) => (isWanted(link) ? findManifest(target, link) : Promise.resolve(undefined))),
  );
  const limits = { mostItems: 200, mostBytes: BATCH_BYTES, bytesOf: (found: FoundManifest) => found.body.byteLength };
  for await (const batch of inBatches(manifests, limits)) {
    await writeBatch(target, async (queries) => {
      for (const found of batch) await importManifest(queries, target, found);
    });
    target.tally.manifests += batch.length;
  }
}

async function importManifest(
  queries: Queries,
  { repositoryId, nowMs, clock }: RepositoryImport,
  found: FoundManifest,
): Promise<void> {
  const { id: manifestId, isNew } = await putManifest(queries, { repositoryId, ...found });
  if (isNew) await putImportTime(queries, repositoryId, clock.nowMs());
  // However old the image is: its tags, and the indexes that name it, are still to come.
  await nominateManifest(queries, { repositoryId, manifestId, sinceMs: nowMs });
}

async function findManifest(target: RepositoryImport, link: StoredObject): Promise<FoundManifest | undefined> {
  const text = digestOfLink(link.key, prefixOfLinks(target.name, "_manifests/revisions"));
  if (text === undefined) return undefined;
  return orDamage(target, text, async () => {
    if (!isDigest(text)) throw new DamageError("manifests under a digest of this kind are not supported");
    const read = await readManifest(target.storage, text);
    return { ...read, digest: text, createdAtMs: Math.trunc(link.modifiedAtMs) };
  });
}

/**
 * Reports the manifests that name something which is not there. They stay in the catalogue: a manifest that is whole itself
 * can still be inspected, copied in part and repaired by pushing what is missing.
 */
export async function reportIncompleteManifests(target: RepositoryImport): Promise<void> {
  const missing = await listMissingReferences(target.metadata.reads, target.repositoryId);
  const byManifest = Map.groupBy(missing.filter(isNeeded), (reference) => reference.manifest);
  for (const [reference, references] of byManifest) {
    target.onDamage({ repository: target.name, reference, reason: describeMissing(references), isIndexed: true });
  }
}

function isNeeded(reference: MissingReference): boolean {
  if (reference.kind === "blob") return !isNonDistributable(reference.mediaType);
  return isManifestMediaType(reference.mediaType) || !reference.isBlob;
}

/** More digests than this do not help to find the cause. */
const MOST_NAMED = 3;

function describeMissing(references: readonly MissingReference[]): string {
  const named = references.slice(0, MOST_NAMED).map(({ kind, digest }) => `${kind} ${digest}`);
  const more = references.length - named.length;
  return `it names what is not there: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
