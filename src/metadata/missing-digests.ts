import type { Digest } from "../oci/index.ts";

/** Databases bound the number of parameters in a statement. */
export function* inGroups<T>(items: readonly T[], size = 500): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Which of the digests `findPresent` does not find, in the order given. */
export async function missingDigests(
  digests: readonly Digest[],
  findPresent: (some: readonly Digest[]) => Promise<readonly { readonly digest: Digest }[]>,
): Promise<readonly Digest[]> {
  const present = new Set<Digest>();
  for (const some of inGroups(digests)) {
    for (const { digest } of await findPresent(some)) present.add(digest);
  }
  return digests.filter((digest) => !present.has(digest));
}
