import { type MetadataDatabase, putAccountLastUsed, putSecretExpiry, putSecretLastUsed } from "../../metadata/index.ts";
import { type Clock, RecentlyUsed } from "../../runtime/index.ts";

/** A time of use is true to a minute. */
const WRITE_EVERY_MS = 60_000;
/** About how much memory it may take to know what was written; what is not known is written again. */
const WRITTEN_BYTES = 1024 * 1024;
const ENTRY_BYTES = 100;

export interface Use {
  readonly accountId: number;
  readonly secretId?: number | undefined;
  /** The secret's new one, of those that end when they are not used. */
  readonly expiresAtMs?: number | undefined;
}

/** Notes when accounts and secrets were used, at most once a minute each. */
export class LastUsed {
  readonly #metadata: MetadataDatabase;
  readonly #clock: Clock;
  readonly #writtenAtMs = new RecentlyUsed<number>(WRITTEN_BYTES);

  constructor(metadata: MetadataDatabase, clock: Clock) {
    this.#metadata = metadata;
    this.#clock = clock;
  }

  note(use: Use): void {
    const nowMs = this.#clock.nowMs();
    const key = `${use.accountId}/${use.secretId ?? ""}`;
    const writtenAtMs = this.#writtenAtMs.get(key)?.value;
    if (writtenAtMs !== undefined && nowMs - writtenAtMs < WRITE_EVERY_MS) return;
    this.#writtenAtMs.set(key, nowMs, ENTRY_BYTES);
    // Nobody waits for it, and nobody is refused because it could not be written: the next use writes it.
    this.#write(use, nowMs).catch(() => this.#writtenAtMs.delete(key));
  }

  #write({ accountId, secretId, expiresAtMs }: Use, nowMs: number): Promise<void> {
    return this.#metadata.transaction(
      async (queries) => {
        await putAccountLastUsed(queries, accountId, nowMs);
        if (secretId === undefined) return;
        await putSecretLastUsed(queries, secretId, nowMs);
        if (expiresAtMs !== undefined) await putSecretExpiry(queries, secretId, expiresAtMs);
      },
      { durable: false },
    );
  }
}
