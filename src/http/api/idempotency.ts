import { createHash } from "node:crypto";
import type { Change } from "../../access/index.ts";
import { findIdempotencyKey, insertIdempotencyKey } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Answer } from "../answer.ts";

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

/** One request by its `Idempotency-Key`: it is carried out once, and answered the same way again when it is repeated. */
export class IdempotentRequest {
  readonly #hash: string;
  readonly #requestHash: string;

  /** @throws RegistryError `bad-request` */
  constructor({ key, sender, asked }: KeyedRequest) {
    if (!KEY.test(key))
      throw new RegistryError("bad-request", "an Idempotency-Key is 1 to 255 characters of ASCII, such as a UUID");
    this.#hash = hashOf([sender, key]);
    this.#requestHash = hashOf(asked);
  }

  /**
   * What was answered before; `undefined`: it was not carried out yet.
   * @throws RegistryError `conflict`
   */
  async findAnswer({ queries, nowMs }: Change): Promise<Answer | undefined> {
    const known = await findIdempotencyKey(queries, this.#hash);
    if (!known || known.expiresAtMs <= nowMs) return undefined;
    if (known.requestHash !== this.#requestHash)
      throw new RegistryError("conflict", "this Idempotency-Key was sent with another request before: take a new one");
    if (known.answer !== null) return JSON.parse(known.answer) as Answer;
    throw new RegistryError("conflict", "this request was carried out already, and its answer cannot be given again");
  }

  /** Marks it as carried out by this change. @param answer `undefined` for what is shown once */
  async keepAnswer({ queries, nowMs }: Change, answer: Answer | undefined): Promise<void> {
    const text = answer ? JSON.stringify(answer) : null;
    const kept = { hash: this.#hash, requestHash: this.#requestHash, answer: text, expiresAtMs: nowMs + KEPT_MS };
    await insertIdempotencyKey(queries, kept, nowMs);
  }
}

function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}
