import { type Digest, type DigestAlgorithm, digestFromHex } from "../../oci/index.ts";

/** Reads a file to its end, without holding it. @param onBytes told how many came; what it throws ends that */
export async function digestOfFile(
  file: Blob,
  algorithm: DigestAlgorithm = "sha256",
  onBytes?: (bytes: number) => void,
): Promise<Digest> {
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const chunk of file.stream()) {
    hasher.update(chunk);
    onBytes?.(chunk.byteLength);
  }
  return digestFromHex(algorithm, hasher.digest("hex"));
}
