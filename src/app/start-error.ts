import { ListenError, TlsError } from "../http/index.ts";
import { MetadataError } from "../metadata/index.ts";
import { errorCode, FileError } from "../runtime/index.ts";
import { StorageError } from "../storage/index.ts";

/** The registry cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** Whether the configuration, or what it names, has to change first, so that trying again is of no use. */
  readonly isConfiguration: boolean;

  constructor(message: string, { isConfiguration, cause }: { isConfiguration: boolean; cause?: unknown }) {
    super(message, { cause });
    this.isConfiguration = isConfiguration;
  }
}

/** Whatever ended a start, as one line. */
export function asStartError(error: unknown): StartError {
  if (error instanceof StartError) return error;
  const message = isKnown(error) ? error.message : describeDefect(error);
  return new StartError(message, { isConfiguration: isLasting(error), cause: error });
}

/** Said in words that are for the operator. */
function isKnown(error: unknown): error is Error {
  const kinds = [FileError, ListenError, MetadataError, StorageError, TlsError];
  // The operating system's own words name the file.
  return kinds.some((kind) => error instanceof kind) || /^E[A-Z0-9]+$/.test(errorCode(error) ?? "");
}

/** Whether somebody has to change something first. */
function isLasting(error: unknown): boolean {
  if (error instanceof MetadataError) return ["readonly", "corrupt", "incompatible"].includes(error.reason);
  if (error instanceof StorageError) return error.reason === "readonly";
  return error instanceof TlsError || error instanceof FileError;
}

function describeDefect(error: unknown): string {
  const places = error instanceof Error ? (error.stack?.match(/\bat .+/g) ?? []) : [];
  return [`a defect of Berth, which its makers want to know: ${String(error)}`, ...places.slice(0, 3)].join(" ");
}
