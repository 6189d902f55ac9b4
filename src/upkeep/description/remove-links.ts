import type { StorageKey } from "../../storage/index.ts";
import type { DescriptionRun } from "./description-run.ts";

/** Removes all links below a prefix, and the folders: for registry:2 an empty one of a tag is a tag, and one of blobs a repository. */
export async function removeLinks(
  { storage, tally }: Pick<DescriptionRun, "storage" | "tally">,
  prefix: string,
): Promise<void> {
  const keys: StorageKey[] = [];
  for await (const { key } of storage.iterate(prefix)) if (key.endsWith("/link")) keys.push(key);
  for (const key of keys) {
    await storage.remove(key);
    tally.removed++;
  }
  await storage.removeEmpty(prefix);
}
