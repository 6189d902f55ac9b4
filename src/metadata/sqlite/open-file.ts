import { fileIdentity } from "../../runtime/index.ts";
import { MetadataError } from "../metadata-error.ts";

/** A file that is open, and by its path again as long as nobody moves or removes it, or mounts something above it. */
export class OpenFile {
  readonly #path: string;
  readonly #identity: string;

  /** To be called right after the file was opened. */
  static async at(path: string): Promise<OpenFile> {
    return new OpenFile(path, await fileIdentity(path));
  }

  private constructor(path: string, identity: string) {
    this.#path = path;
    this.#identity = identity;
  }

  /**
   * Writing to a file without a name works, and is gone at the next start.
   * @throws MetadataError `unavailable` unless the path still leads to the file
   */
  async requireInPlace(): Promise<void> {
    let cause: unknown;
    try {
      if ((await fileIdentity(this.#path)) === this.#identity) return;
    } catch (error) {
      cause = error;
    }
    const message = `${this.#path} was moved, removed or replaced: put it back, or stop the registry and restore a backup`;
    throw new MetadataError("unavailable", message, { cause });
  }
}
