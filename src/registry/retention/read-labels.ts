import { listUnreadTags, putTagExpiries, type TagExpiry, type UnreadTag } from "../../metadata/index.ts";
import { StorageError } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";
import { keyOf } from "../storage-keys.ts";
import { expiresAfterByLabel } from "./tag-expiry.ts";

/** No config of an image comes near it. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * Looks at the labels of images that were pushed since, up to `limit` tags, for how long these last.
 * @returns how many it looked at: with 0 there is nothing to do now
 * @throws StorageError
 */
export async function readExpiryLabels(
  registry: Pick<Registry, "metadata" | "storage">,
  limit: number,
): Promise<number> {
  const unread = await listUnreadTags(registry.metadata.reads, limit);
  if (unread.length === 0) return 0;
  const expiries: TagExpiry[] = [];
  for (const tag of unread) expiries.push({ ...tag, expiresAtMs: await findExpiry(registry, tag) });
  await registry.metadata.transaction((queries) => putTagExpiries(queries, expiries));
  return unread.length;
}

async function findExpiry(
  { storage }: Pick<Registry, "storage">,
  { config, pushedAtMs }: UnreadTag,
): Promise<number | null> {
  if (!config || config.lostReason !== null || config.sizeBytes > MAX_CONFIG_BYTES) return null;
  try {
    const stored = await storage.read(keyOf(config), { sizeBytes: config.sizeBytes });
    const afterMs = stored && expiresAfterByLabel(await stored.bytes());
    return afterMs === undefined ? null : pushedAtMs + afterMs;
  } catch (error) {
    // A scrub finds that; it says nothing of how long the tag lasts.
    if (error instanceof StorageError && error.reason === "corrupt") return null;
    throw error;
  }
}
