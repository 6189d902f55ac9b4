import { type MetadataDatabase, putAccountLastUsed, putSecretExpiry, putSecretLastUsed } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";

/** A time of use is true to a minute. */
const WRITE_EVERY_MS = 60_000;
/** Beyond this the oldest is written again. */
const MAX_REMEMBERED = 10_000;

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
  readonly #writtenAtMs = new Map<string, number>();

  constructor(metadata: MetadataDatabase, clock: Clock) {
    this.#metadata = metadata;
    this.#clock = clock;
  }

  note(use: Use): void {
    const nowMs = this.#clock.nowMs();
    const key = `${use.accountId}/${use.secretId ?? ""}`;
    const writtenAtMs = this.#writtenAtMs.get(key);
    if (writtenAtMs !== undefined && nowMs - writtenAtMs < WRITE_EVERY_MS) return;
    this.#writtenAtMs.delete(key);
    this.#writtenAtMs.set(key, nowMs);
    for (const oldest of this.#writtenAtMs.keys()) {
      if (this.#writtenAtMs.size <= MAX_REMEMBERED) break;
      this.#writtenAtMs.delete(oldest);
    }
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
