import { ListenError, TlsError } from "../http/index.ts";
import { MetadataError } from "../metadata/index.ts";
import { FileError } from "../runtime/index.ts";
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
  const isConfiguration = isOneOf(error, [TlsError, FileError]);
  if (!isConfiguration && !isOneOf(error, [ListenError, MetadataError, StorageError])) return error;
  return new StartError((error as Error).message, { isConfiguration, cause: error });
}

function isOneOf(error: unknown, kinds: readonly (abstract new (...parts: never) => Error)[]): boolean {
  return kinds.some((kind) => error instanceof kind);
}
