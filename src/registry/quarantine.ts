import { type StoredBlob, dropManifestBody, type StoredManifest } from "../metadata/index.ts";
import type { Digest } from "../oci/index.ts";
import { parseStorageKey, type StorageDriver, type StorageKey, type StoredObject } from "../storage/index.ts";
import type { Registry } from "./registry.ts";
import { blobKeyOf, keyOf } from "./storage-keys.ts";

/** Below it lies what was found damaged, each under its digest, until somebody has looked at it and removes it. */
const QUARANTINE_FOLDER = "berth/quarantine";

/**
 * `moved`: the damaged bytes lie under `key` · `gone`: nothing is there · `replaced`: a push has put other bytes in their place,
 * which stay · `shared`: they are another digest's place, and stay.
 */
export type Quarantine = { readonly kind: "moved"; readonly key: StorageKey } | QuarantineOmitted;
interface QuarantineOmitted {
  readonly kind: "gone" | "replaced" | "shared";
}

/**
 * Takes damaged bytes out of a blob's place. To be called after their loss is on record.
 * @param seen the object as it was when its bytes were found damaged
 * @throws StorageError
 */
export async function quarantineBlob(
  { storage }: Registry,
  blob: Pick<StoredBlob, "digest" | "storageKey">,
  seen: StoredObject,
): Promise<Quarantine> {
  const { digest } = blob;
  const place = keyOf(blob);
  // A directory of registry:2 may have a sha512 blob in the place of its sha256 digest, for which it may be right.
  if (place !== blobKeyOf(digest)) return { kind: "shared" };
  const key = await freeKey(storage, digest);
  if (!(await storage.move(place, key))) return { kind: "gone" };
  const moved = await storage.stat(key);
  if (moved?.sizeBytes === seen.sizeBytes && moved.modifiedAtMs === seen.modifiedAtMs) return { kind: "moved", key };
  // A push, perhaps of another process, was quicker: its bytes go back to where its row says they are.
  await storage.move(key, place);
  return { kind: "replaced" };
}

/**
 * Takes damaged bytes out of a manifest's row.
 * @returns where they lie now
 * @throws StorageError, MetadataError
 */
export async function quarantineManifest(registry: Registry, manifest: StoredManifest): Promise<StorageKey> {
  const key = await freeKey(registry.storage, manifest.digest);
  await registry.storage.write(key, manifest.body);
  await registry.metadata.transaction((queries) => dropManifestBody(queries, manifest));
  return key;
}

/** What lies there already is kept as well. */
async function freeKey(storage: StorageDriver, digest: Digest): Promise<StorageKey> {
  for (let copy = 1; ; copy++) {
    const key = parseStorageKey(`${QUARANTINE_FOLDER}/${digest}${copy === 1 ? "" : `.${copy}`}`);
    if (!(await storage.stat(key))) return key;
  }
}
