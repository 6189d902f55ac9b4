import { parseStorageKey, type StorageDriver } from "../../storage/index.ts";
import { z } from "zod";

const KEY = parseStorageKey("berth/described.json");

const marker = z.object({ place: z.string(), at: z.iso.datetime() });

/** Says in the storage that it describes itself: whose name it has in the database, and up to when. */
export type DescriptionMarker = z.output<typeof marker>;

/** @returns `undefined` if the storage describes nothing, or what says so cannot be read */
export async function findMarker(storage: StorageDriver): Promise<DescriptionMarker | undefined> {
  const text = await (await storage.read(KEY))?.text();
  if (text === undefined) return undefined;
  try {
    return marker.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeMarker(storage: StorageDriver, { place, at }: DescriptionMarker): Promise<void> {
  await storage.write(KEY, new TextEncoder().encode(`${JSON.stringify({ place, at })}\n`));
}

/** What is described may be of yesterday from now on. */
export function removeMarker(storage: StorageDriver): Promise<void> {
  return storage.remove(KEY);
}
