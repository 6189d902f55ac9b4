import { HtpasswdError } from "../auth/index.ts";
import { ListenError, TlsError } from "../http/index.ts";
import { MetadataError } from "../metadata/index.ts";
import { StorageError } from "../storage/index.ts";

/** The registry cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** Whether the configuration has to change first, so that trying again is of no use. */
  readonly isConfiguration: boolean;

  constructor(message: string, { isConfiguration, cause }: { isConfiguration: boolean; cause?: unknown }) {
    super(message, { cause });
    this.isConfiguration = isConfiguration;
  }
}

/** What we know how to name is told in a line; anything else is a defect, and its stack helps to find it. */
export function asStartError(error: unknown): unknown {
  if (error instanceof TlsError) return new StartError(error.message, { isConfiguration: true, cause: error });
  const isKnown = [HtpasswdError, ListenError, MetadataError, StorageError].some((kind) => error instanceof kind);
  return isKnown ? new StartError((error as Error).message, { isConfiguration: false, cause: error }) : error;
}
