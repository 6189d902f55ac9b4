import { type Clock, RecentlyUsed, type Soon, whenThere } from "../../runtime/index.ts";
import { CLOCK_LEEWAY_MS, EXPIRED_GRACE_MS } from "./token-times.ts";
import { type BearerVerifier, type ExpirableToken, invalidToken, type VerifiedToken } from "./verified-token.ts";

/** Longer ones fit into no header that clients and proxies send. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** Some thousand tokens of the usual size. */
const REMEMBERED_BYTES = 8 * 1024 * 1024;

export interface RememberedTokensParts {
  /** Finds out what a token says; one that has expired is let through for a day. */
  readonly read: (token: string) => Promise<VerifiedToken>;
  readonly clock: Clock;
  /** Whether the clock of the issuer may be another one than ours. */
  readonly isForeign: boolean;
}

/** Tokens that were found good are not verified again: a client sends the same for each of its requests. */
export class RememberedTokens implements BearerVerifier {
  readonly #parts: RememberedTokensParts;
  readonly #known = new RecentlyUsed<VerifiedToken>(REMEMBERED_BYTES);
  readonly #running = new Map<string, Promise<VerifiedToken>>();

  constructor(parts: RememberedTokensParts) {
    this.#parts = parts;
  }

  verify(token: string): Soon<VerifiedToken> {
    return whenThere(this.#read(token), (verified) => {
      if (this.#isPast(verified.expiresAtMs)) throw invalidToken("has expired");
      return verified;
    });
  }

  verifyExpired(token: string): Soon<ExpirableToken> {
    return whenThere(this.#read(token), (verified) => {
      if (this.#isPast(verified.expiresAtMs + EXPIRED_GRACE_MS)) throw invalidToken("has expired");
      return { ...verified, isExpired: this.#isPast(verified.expiresAtMs) };
    });
  }

  /** To be called when what was good need not be so any more. */
  forget(): void {
    this.#known.clear();
    this.#running.clear();
  }

  #isPast(atMs: number): boolean {
    return this.#parts.clock.nowMs() >= atMs + (this.#parts.isForeign ? CLOCK_LEEWAY_MS : 0);
  }

  #read(token: string): Soon<VerifiedToken> {
    const known = this.#known.get(token);
    if (known) return known.value;
    if (token.length > MAX_TOKEN_LENGTH) throw invalidToken("is too long");
    return this.#running.get(token) ?? this.#verify(token);
  }

  /** A client that has just got its token comes with it several times at once. */
  #verify(token: string): Promise<VerifiedToken> {
    const running: Promise<VerifiedToken> = this.#parts
      .read(token)
      .then((verified) => {
        // Not if it was told to forget in the meantime.
        if (this.#running.get(token) === running) this.#known.set(token, verified, token.length + VERIFIED_BYTES);
        return verified;
      })
      .finally(() => this.#running.get(token) === running && this.#running.delete(token));
    this.#running.set(token, running);
    return running;
  }
}

/** About what a verified token takes beside its text. */
const VERIFIED_BYTES = 1000;
