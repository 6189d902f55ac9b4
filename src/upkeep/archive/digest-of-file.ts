import { type Digest, type DigestAlgorithm, digestFromHex } from "../../oci/index.ts";

/** Reads a file to its end, without holding it. */
export async function digestOfFile(file: Blob, algorithm: DigestAlgorithm = "sha256"): Promise<Digest> {
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const chunk of file.stream()) hasher.update(chunk);
  return digestFromHex(algorithm, hasher.digest("hex"));
}
