import { RecentlyUsed } from "../../runtime/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";
import type { PasswordSource } from "./password-source.ts";
import type { SignInMethod } from "./proof.ts";
import type { Identity } from "./sign-in.ts";

/** A sign-in that was good before. */
export interface KnownSignIn {
  readonly identity: Identity;
  /** The access generation at which it was looked up. */
  readonly generation: number;
  /** Exclusive. */
  readonly untilMs: number;
  /** When it was put into the audit trail. */
  readonly recordedAtMs: number;
  readonly secretId: number | undefined;
  /** To be asked again each time, as it remembers by itself. */
  readonly source: PasswordSource | undefined;
}

/** About how much memory they may take; who is forgotten is checked again. */
const KNOWN_BYTES = 5 * 1024 * 1024;
/** With the account and its groups. */
const ENTRY_BYTES = 512;

/**
 * Remembers good sign-ins, so that a client that sends a password with each request costs no look-up. Keeps no password, only a
 * keyed hash, of which the address is a part: what is known of one caller does not help another who guesses.
 */
export class KnownSignIns {
  readonly #key: Uint8Array;
  readonly #known = new RecentlyUsed<KnownSignIn>(KNOWN_BYTES);

  /** @param key random, of this process alone */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @param method what is good in one way is not in another */
  markOf(method: SignInMethod, { username, password }: BasicCredentials, address: string | undefined): string {
    const text = JSON.stringify([method, username, password, address ?? null]);
    return new Bun.CryptoHasher("sha256", this.#key).update(text).digest("base64");
  }

  /** Whatever is known of it, valid still or not. */
  find(mark: string): KnownSignIn | undefined {
    return this.#known.get(mark)?.value;
  }

  keep(mark: string, known: KnownSignIn): void {
    this.#known.set(mark, known, ENTRY_BYTES);
  }

  forget(mark: string): void {
    this.#known.delete(mark);
  }
}
