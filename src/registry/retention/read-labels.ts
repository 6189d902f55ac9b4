import { listUnreadTags, putTagExpiries, type TagExpiry } from "../../metadata/index.ts";
import type { Registry } from "../registry.ts";
import { findSettingsOf } from "../settings/settings.ts";
import { keepingNames } from "./keep-mark.ts";
import { readImage, readIndex } from "./said-by-images.ts";

/**
 * Looks at the labels of images that were pushed since, up to `limit` tags, for how long these last and what keeps them.
 * @returns how many it looked at: with 0 there is nothing to do now
 * @throws StorageError
 */
export async function readExpiryLabels(
  registry: Pick<Registry, "metadata" | "storage">,
  limit: number,
): Promise<number> {
  const unread = await listUnreadTags(registry.metadata.reads, limit);
  if (unread.length === 0) return 0;
  const settingsOf = await findSettingsOf(
    registry.metadata.reads,
    unread.map(({ repository }) => repository),
  );
  const expiries: TagExpiry[] = [];
  for (const tag of unread) {
    const question = { registry, tag, names: keepingNames(settingsOf(tag.repository)) };
    const said = tag.isIndex ? await readIndex(question, tag.digest) : await readImage(question, tag.config);
    expiries.push({ ...tag, ...said });
  }
  await registry.metadata.transaction((queries) => putTagExpiries(queries, expiries));
  return unread.length;
}
