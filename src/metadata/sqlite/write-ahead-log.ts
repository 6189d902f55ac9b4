import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { CoalescedSync, syncFolder } from "../../runtime/index.ts";
import { MetadataError } from "../metadata-error.ts";
import { OpenFile } from "./open-file.ts";

/** Makes committed rows durable: one sync of SQLite's log for all commits of the meantime, off the main thread. */
export class WriteAheadLog {
  readonly #file: FileHandle;
  /** The database and its log. */
  readonly #files: readonly OpenFile[];
  readonly #sync: CoalescedSync;
  #failure: MetadataError | undefined;

  /** The log exists as long as a connection is open. */
  static async open(databasePath: string): Promise<WriteAheadLog> {
    const path = `${databasePath}-wal`;
    const files = [await OpenFile.at(databasePath), await OpenFile.at(path)];
    // SQLite itself does so only later, and what is synced is of no use without a name.
    await syncFolder(dirname(databasePath));
    return new WriteAheadLog(await open(path, "a"), files);
  }

  private constructor(file: FileHandle, files: readonly OpenFile[]) {
    this.#file = file;
    this.#files = files;
    this.#sync = new CoalescedSync(() => this.#syncInPlace());
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
   * Whether what is committed would be found by the next start.
   * @throws MetadataError
   */
  async check(): Promise<void> {
    this.requireIntact();
    await Promise.all(this.#files.map((file) => file.requireInPlace()));
  }

  /**
   * After a failed sync the kernel may have dropped pages and the next sync would succeed without them. So nothing is
   * acknowledged any more until a new start has read the log back.
   * @throws MetadataError
   */
  requireIntact(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Syncs once more, and closes whatever comes of it.
   * @throws MetadataError
   */
  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#file.close();
    }
  }

  async #syncInPlace(): Promise<void> {
    await Promise.all([this.#datasync(), this.check()]);
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
