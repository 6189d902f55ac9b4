import { createHash } from "node:crypto";
import {
  findIdempotencyKey,
  insertIdempotencyKey,
  type MetadataDatabase,
  putIdempotentAnswer,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { Answer } from "../answer.ts";
import type { Guard } from "./guarded-metadata.ts";

/** How long a key is remembered. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const KEY = /^[\x21-\x7e]{1,255}$/;

export interface KeyedRequest {
  readonly key: string;
  /** Who sent it: keys of others are others. */
  readonly sender: string;
  /** Method and path, and the body. */
  readonly asked: readonly (string | Uint8Array)[];
}

interface Parts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
}

/** One request by its `Idempotency-Key`: it is carried out once, and answered the same way again when it is repeated. */
export class IdempotentRequest {
  readonly #parts: Parts;
  readonly #hash: string;
  readonly #requestHash: string;

  /** @throws RegistryError `bad-request` */
  constructor(parts: Parts, { key, sender, asked }: KeyedRequest) {
    if (!KEY.test(key))
      throw new RegistryError("bad-request", "an Idempotency-Key is 1 to 255 characters of ASCII, such as a UUID");
    this.#parts = parts;
    this.#hash = hashOf([sender, key]);
    this.#requestHash = hashOf(asked);
  }

  /**
   * What was answered before; `undefined`: it was not carried out yet.
   * @throws RegistryError `conflict`
   */
  async findAnswer(): Promise<Answer | undefined> {
    const { metadata, clock } = this.#parts;
    const known = await findIdempotencyKey(metadata.reads, this.#hash);
    if (!known || known.expiresAtMs <= clock.nowMs()) return undefined;
    if (known.requestHash !== this.#requestHash)
      throw new RegistryError("conflict", "this Idempotency-Key was sent with another request before: take a new one");
    if (known.answer !== null) return JSON.parse(known.answer) as Answer;
    throw alreadyDone();
  }

  /** Marks it as carried out in the transaction that does so. */
  get guard(): Guard {
    const { clock } = this.#parts;
    return {
      before: async (queries) => {
        const nowMs = clock.nowMs();
        const known = await findIdempotencyKey(queries, this.#hash);
        if (known && known.expiresAtMs > nowMs) throw alreadyDone();
        const row = { hash: this.#hash, requestHash: this.#requestHash, expiresAtMs: nowMs + KEPT_MS };
        await insertIdempotencyKey(queries, row, nowMs);
      },
    };
  }

  /** A power cut may undo it: what was done stays marked as done. */
  async keepAnswer({ status, headers, body }: Answer): Promise<void> {
    const text = JSON.stringify({ status, headers, body });
    await this.#parts.metadata.transaction((queries) => putIdempotentAnswer(queries, this.#hash, text), {
      durable: false,
    });
  }
}

function alreadyDone(): RegistryError {
  return new RegistryError("conflict", "this request was carried out already, and its answer cannot be given again");
}

function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}
