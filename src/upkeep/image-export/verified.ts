import { algorithmOf, type Digest, digestFromHex } from "../../oci/index.ts";
import { StorageError } from "../../storage/index.ts";

export interface Expected {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Told how many passed; what it throws ends that. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Passes content on, and fails at its end if it is not what it should be.
 * @throws StorageError `corrupt`
 */
export async function* verified(
  content: AsyncIterable<Uint8Array>,
  { digest, sizeBytes, onBytes }: Expected,
): AsyncGenerator<Uint8Array, void, void> {
  const algorithm = algorithmOf(digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  let passedBytes = 0;
  for await (const chunk of content) {
    onBytes(chunk.byteLength);
    hasher.update(chunk);
    passedBytes += chunk.byteLength;
    if (passedBytes > sizeBytes) break;
    yield chunk;
  }
  if (passedBytes !== sizeBytes || digestFromHex(algorithm, hasher.digest("hex")) !== digest)
    throw new StorageError("corrupt", `the stored bytes of ${digest} have another digest: run scrub`);
}
