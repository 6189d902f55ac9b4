import {
  algorithmOf,
  type Digest,
  digestOf,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseStoredManifest,
  RegistryError,
} from "../../oci/index.ts";
import { blobKeyOf } from "../../registry/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { readSmallFile } from "./read-small-file.ts";

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly body: Uint8Array;
}

/**
 * Reads a manifest from where registry:2 keeps it, and makes sure that it is the one that the digest names.
 * @throws DamageError
 */
export async function readManifest(storage: StorageDriver, digest: Digest): Promise<ReadManifest> {
  const key = blobKeyOf(digest);
  const found = await storage.stat(key);
  if (!found) throw new DamageError("its bytes are gone");
  if (found.sizeBytes > MAX_MANIFEST_BYTES)
    throw new DamageError(`its ${found.sizeBytes} bytes are more than a manifest may have`);
  const body = await readSmallFile(storage, key);
  if (body === undefined) throw new DamageError("its bytes are gone");
  const actual = digestOf(body, algorithmOf(digest));
  if (actual !== digest) throw new DamageError(`its bytes are damaged: their digest is ${actual}`);
  return { manifest: parse(body), body };
}

/** registry:2 does not keep the media type that was sent. */
function parse(body: Uint8Array): Manifest {
  try {
    return parseStoredManifest(body);
  } catch (error) {
    if (error instanceof RegistryError) throw new DamageError(error.message, { cause: error });
    throw error;
  }
}
