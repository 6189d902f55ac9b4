import {
  algorithmOf,
  type Digest,
  digestOf,
  isJsonObject,
  type Manifest,
  MAX_MANIFEST_BYTES,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseManifest,
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

function parse(body: Uint8Array): Manifest {
  try {
    return parseManifest(body, mediaTypeOf(body));
  } catch (error) {
    if (error instanceof RegistryError) throw new DamageError(error.message, { cause: error });
    throw error;
  }
}

/** registry:2 does not keep the media type that was sent: what the manifest says counts, or else what it looks like. */
function mediaTypeOf(body: Uint8Array): string {
  const content = parseJson(body);
  if (!isJsonObject(content)) return OCI_IMAGE_MANIFEST;
  if (content["schemaVersion"] === 1)
    throw new DamageError("it is a manifest of schema 1, which no current client pulls: push the image again");
  const named = content["mediaType"];
  if (typeof named === "string" && named !== "") return named;
  return Array.isArray(content["manifests"]) ? OCI_IMAGE_INDEX : OCI_IMAGE_MANIFEST;
}

/** What is not JSON is left to `parseManifest`, which says so. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
