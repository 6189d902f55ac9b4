import { type FileHandle, open } from "node:fs/promises";
import { CoalescedSync } from "../../runtime/index.ts";
import { MetadataError } from "../metadata-error.ts";

/** Makes committed rows durable: one sync of SQLite's log for all commits of the meantime, off the main thread. */
export class WriteAheadLog {
  readonly #file: FileHandle;
  readonly #sync: CoalescedSync;
  #failure: MetadataError | undefined;

  /** The log exists as long as a connection is open. */
  static async open(databasePath: string): Promise<WriteAheadLog> {
    return new WriteAheadLog(await open(`${databasePath}-wal`, "a"));
  }

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#sync = new CoalescedSync(() => this.#datasync());
  }

  /**
   * Resolves when everything committed before this call is durable.
   * @throws MetadataError
   */
  async sync(): Promise<void> {
    this.requireIntact();
    await this.#sync.sync();
  }

  /**
   * After a failed sync the kernel may have dropped pages and the next sync would succeed without them. So nothing is
   * acknowledged any more until a new start has read the log back.
   * @throws MetadataError
   */
  requireIntact(): void {
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #datasync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (cause) {
      const message = "the database could not be made durable: look at the disk, then restart the registry";
      this.#failure = new MetadataError("unavailable", message, { cause });
      throw this.#failure;
    }
  }
}
