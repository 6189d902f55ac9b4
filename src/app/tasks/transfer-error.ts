import { MetadataError } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { errorCode, messageOf } from "../../runtime/index.ts";
import { StorageError } from "../../storage/index.ts";
import { ArchiveError } from "../../upkeep/index.ts";
import { TaskError } from "./task-error.ts";

/** What went wrong with an import or export, for who started it; a defect stays as it is. @param path what is read or written */
export function asTransferError(error: unknown, path: string): unknown {
  const cause = { cause: error };
  if (error instanceof ArchiveError) return new TaskError("bad-data", `${path}: ${error.message}.`, cause);
  if (error instanceof RegistryError) {
    const fault = WAITS.has(error.kind) ? "failed" : ABSENT.has(error.kind) ? "nothing-there" : "bad-data";
    return new TaskError(fault, `${error.message}.`, cause);
  }
  if (error instanceof StorageError || error instanceof MetadataError)
    return new TaskError("failed", `It stopped: ${error.message}. When that is repaired, run it again.`, cause);
  if (error instanceof DOMException && error.name === "AbortError")
    return new TaskError("busy", "It was interrupted: run it again.", cause);
  const code = errorCode(error);
  if (code === "ENOENT") return new TaskError("nothing-there", `There is no ${path}.`, cause);
  return code === undefined ? error : new TaskError("failed", `It stopped: ${messageOf(error)}.`, cause);
}

/** What is not wrong with the content. */
const WAITS: ReadonlySet<string> = new Set(["read-only", "denied", "unavailable", "upload-interrupted"]);
const ABSENT: ReadonlySet<string> = new Set(["name-unknown", "manifest-unknown"]);
