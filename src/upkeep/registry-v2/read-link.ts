import { type Digest, isDigest } from "../../oci/index.ts";
import type { StorageDriver, StoredObject } from "../../storage/index.ts";
import { readSmallFile } from "./read-small-file.ts";

/** Enough for any digest; what is larger is no link, and must not fill the memory. */
const MOST_BYTES = 1024;

/**
 * The digest that a link holds; `undefined` if it holds none.
 * @throws DamageError if it cannot be read
 */
export async function readLink(storage: StorageDriver, link: StoredObject): Promise<Digest | undefined> {
  if (link.sizeBytes > MOST_BYTES) return undefined;
  const text = new TextDecoder().decode(await readSmallFile(storage, link.key)).trim();
  return isDigest(text) ? text : undefined;
}
