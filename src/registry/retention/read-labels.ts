import { listUnreadTags, putTagExpiries, type TagExpiry, type UnreadTag } from "../../metadata/index.ts";
import { StorageError } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";
import { keyOf } from "../storage-keys.ts";
import { findSettingsOf } from "../settings/settings.ts";
import { keepingNames, keepMarkOf } from "./keep-mark.ts";
import { EXPIRES_AFTER_LABEL, expiresAfterByLabel, type ImageLabels, readLabels } from "./tag-expiry.ts";

/** No config of an image comes near it. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

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
    const names = keepingNames(settingsOf(tag.repository));
    const labels = await findLabels(registry, tag, [EXPIRES_AFTER_LABEL, ...names]);
    const afterMs = expiresAfterByLabel(labels);
    const expiresAtMs = afterMs === undefined ? null : tag.pushedAtMs + afterMs;
    expiries.push({ ...tag, expiresAtMs, mark: keepMarkOf(labels, names) });
  }
  await registry.metadata.transaction((queries) => putTagExpiries(queries, expiries));
  return unread.length;
}

async function findLabels(
  { storage }: Pick<Registry, "storage">,
  { config }: UnreadTag,
  names: readonly string[],
): Promise<ImageLabels> {
  if (!config || config.lostReason !== null || config.sizeBytes > MAX_CONFIG_BYTES) return undefined;
  try {
    const stored = await storage.read(keyOf(config), { sizeBytes: config.sizeBytes });
    return stored && readLabels(await stored.bytes(), names);
  } catch (error) {
    // A scrub finds that; it says nothing of how long the tag lasts.
    if (error instanceof StorageError && error.reason === "corrupt") return undefined;
    throw error;
  }
}
