import { openRegistryBeside } from "./open-registry-beside.ts";
import { requireDatabase } from "./require-database.ts";
import { TaskError } from "./task-error.ts";
import type { Config } from "../../config/index.ts";
import {
  findUnknownFiles,
  type RepairedIndex,
  repairIndex,
  type Scrub,
  scrub,
  ScrubBusyError,
  type ScrubOutcome,
  type UnknownFiles,
} from "../../upkeep/index.ts";
import { runTask, stoppedBy } from "./run-task.ts";

export interface ScrubOptions extends Omit<Scrub, "registry"> {
  readonly repairIndex: boolean;
  /** With `repairIndex`: makes files that are on no record blobs that no repository has. */
  readonly enterUnknown: boolean;
  /** Hears what was done to the index, before content is verified. */
  readonly onRepaired: (repaired: RepairedIndex) => void;
  /** Hears, after that, of files that are on no record. */
  readonly onUnknown: (unknown: UnknownFiles) => void;
}

/**
 * Verifies the content of the registry that the configuration names, whether it serves or not.
 * @throws TaskError
 */
export async function scrubRegistry(config: Config, options: ScrubOptions): Promise<ScrubOutcome> {
  await requireDatabase(config);
  return runTask(async (closers) => {
    const registry = await openRegistryBeside(config, closers);
    const { bytesPerSecond, signal, enterUnknown: isToEnter } = options;
    if (options.repairIndex) {
      options.onRepaired(await repairIndex({ registry, bytesPerSecond, signal }));
      options.onUnknown(await findUnknownFiles({ registry, isToEnter, signal }));
    }
    return scrub({ ...options, registry });
  }, asScrubError);
}

const asStopped = stoppedBy((reason) => `The scrub stopped: ${reason}. When that is repaired, run it again to go on.`);

function asScrubError(error: unknown): unknown {
  if (error instanceof ScrubBusyError) return new TaskError("busy", `Not now: ${error.message}.`, { cause: error });
  return asStopped(error);
}
