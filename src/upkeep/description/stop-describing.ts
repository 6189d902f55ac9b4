import { endDescription, findDescription, type MetadataDatabase } from "../../metadata/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { findMarker, removeMarker } from "./marker.ts";

/** Where storage is not described any more nothing is to be rebuilt from what it said once. Its files stay. */
export async function stopDescribing({
  metadata,
  storage,
}: {
  readonly metadata: MetadataDatabase;
  readonly storage: StorageDriver;
}): Promise<void> {
  if (await findMarker(storage)) await removeMarker(storage);
  if (await findDescription(metadata.reads)) await metadata.transaction(endDescription);
}
