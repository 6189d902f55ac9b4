import type { Config } from "../../config/index.ts";
import type { MetadataDatabase } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { requireWritable } from "../../registry/index.ts";
import { systemClock } from "../../runtime/index.ts";
import { registryOptions } from "../room-options.ts";
import { TaskError } from "./task-error.ts";

/** For a command that removes something. @throws TaskError where nothing may be changed now */
export async function requireChangeable(config: Config, metadata: MetadataDatabase): Promise<void> {
  try {
    await requireWritable({ metadata, clock: systemClock, options: registryOptions(config) });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new TaskError("failed", `Nothing is removed: ${error.message}.`, { cause: error });
  }
}
