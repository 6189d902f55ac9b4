import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { registryOptions } from "./room-options.ts";
import type { Config } from "../config/index.ts";
import { MetadataError, openSqlite } from "../metadata/index.ts";
import { createRegistry } from "../registry/index.ts";
import { Closers, createHashPool, systemClock } from "../runtime/index.ts";
import { openStorage, StorageError } from "../storage/index.ts";
import {
  type RepairedIndex,
  repairIndex,
  type Scrub,
  scrub,
  ScrubBusyError,
  type ScrubOutcome,
} from "../upkeep/index.ts";

export interface ScrubOptions extends Omit<Scrub, "registry"> {
  readonly repairIndex: boolean;
  /** Hears what was done to the index, before content is verified. */
  readonly onRepaired: (repaired: RepairedIndex) => void;
}

/** `nothing-there`: no database · `busy`: another scrub runs · `failed`: storage or database; run it again to go on. */
export type ScrubFault = "nothing-there" | "busy" | "failed";

/** A scrub that did not come to its end; the message says why. */
export class ScrubError extends Error {
  override readonly name = "ScrubError";
  readonly fault: ScrubFault;

  constructor(fault: ScrubFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

/**
 * Verifies the content of the registry that the configuration names, whether it serves or not.
 * @throws ScrubError
 */
export async function scrubRegistry(config: Config, options: ScrubOptions): Promise<ScrubOutcome> {
  await requireDatabase(config);
  const closers = new Closers();
  try {
    const registry = await openRegistry(config, closers);
    const { bytesPerSecond, signal } = options;
    if (options.repairIndex) options.onRepaired(await repairIndex({ registry, bytesPerSecond, signal }));
    return await scrub({ ...options, registry });
  } catch (error) {
    throw asScrubError(error);
  } finally {
    await closers.closeAll();
  }
}

/** Opening would make one, and a folder for it. */
async function requireDatabase({ database: { path } }: Config): Promise<void> {
  if (path === ":memory:") throw new ScrubError("nothing-there", "A registry in memory has nothing to be scrubbed.");
  if (await stat(path).catch(() => undefined)) return;
  throw new ScrubError(
    "nothing-there",
    `There is no database ${path}: name the configuration that serve is started with.`,
  );
}

async function openRegistry(config: Config, closers: Closers) {
  const storage = await openStorage(config.storage.driver, { clock: systemClock });
  closers.add(() => storage.close());
  const metadata = await openSqlite(config.database.path);
  closers.add(() => metadata.close());
  const hashPool = createHashPool({ workers: 2 });
  closers.add(() => hashPool.close());
  const parts = { storage, metadata, hashPool, clock: systemClock, newId: randomUUID, worksOn: () => true };
  return createRegistry({ ...parts, options: registryOptions(config) });
}

function asScrubError(error: unknown): unknown {
  if (error instanceof ScrubBusyError) return new ScrubError("busy", `Not now: ${error.message}.`, { cause: error });
  if (!(error instanceof StorageError) && !(error instanceof MetadataError)) return error;
  const message = `The scrub stopped: ${error.message}. When that is repaired, run it again to go on.`;
  return new ScrubError("failed", message, { cause: error });
}
