import { ensureBlobLink, type NewBlob, putBlob } from "../../metadata/index.ts";
import { algorithmOf, type Digest, isDigest } from "../../oci/index.ts";
import { blobKeyOf } from "../../registry/index.ts";
import type { StoredObject } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { inBatches, inParallel } from "../in-parallel.ts";
import { digestOfLink, prefixOfLinks } from "./layout.ts";
import { readLink } from "./read-link.ts";
import { MOST_READS, orDamage, present, type RepositoryImport, writeBatch } from "./repository-import.ts";

/** Takes over the blobs that a repository links to: their sizes are looked at, their bytes are not. */
export async function importBlobs(target: RepositoryImport): Promise<void> {
  const links = target.storage.iterate(prefixOfLinks(target.name, "_layers"));
  const blobs = present(inParallel(links, MOST_READS, (link) => findBlob(target, link)));
  for await (const batch of inBatches(blobs, { mostItems: 500 })) {
    await writeBatch(target, async (queries) => {
      for (const blob of batch) {
        // The link is as old as the import, not as the image: clean-up gives a push that was under way its time.
        await ensureBlobLink(queries, target.repositoryId, await putBlob(queries, blob), target.nowMs);
      }
    });
    target.tally.blobs += batch.length;
  }
}

async function findBlob(target: RepositoryImport, link: StoredObject): Promise<NewBlob | undefined> {
  const text = digestOfLink(link.key, prefixOfLinks(target.name, "_layers"));
  if (text === undefined) return undefined;
  return orDamage(target, text, async () => {
    if (!isDigest(text)) throw new DamageError("blobs under a digest of this kind are not supported");
    const storageKey = blobKeyOf(await digestInStorage(target, link, text));
    const found = await target.storage.stat(storageKey);
    if (found) {
      return { digest: text, sizeBytes: found.sizeBytes, storageKey, createdAtMs: Math.trunc(found.modifiedAtMs) };
    }
    // registry:2's garbage collection leaves such links. A manifest that needs the blob is reported on its own.
    target.tally.danglingLinks++;
    return undefined;
  });
}

/** The digest under which the bytes lie: registry:2 files all content under sha256. */
async function digestInStorage(target: RepositoryImport, link: StoredObject, digest: Digest): Promise<Digest> {
  if (algorithmOf(digest) === "sha256") return digest;
  const named = await readLink(target.storage, link);
  if (named === undefined) throw new DamageError("its link does not say where its bytes are");
  return named;
}
