import { createHmac } from "node:crypto";
import { RecentlyUsed } from "../../runtime/index.ts";

/** About how much memory they may take: beyond it who was not there for longest costs a check again. */
const REMEMBERED_BYTES = 1024 * 1024;
const ENTRY_BYTES = 100;

/**
 * Remembers which passwords were found right, so that a client does not cost a bcrypt at each request. Keeps no password:
 * only a keyed hash of user, password and the file's hash, so that a changed file entry is never met again.
 */
export class VerifiedPasswords {
  readonly #key: Uint8Array;
  readonly #verify: (password: string, hash: string) => Promise<boolean>;
  readonly #verified = new RecentlyUsed<true>(REMEMBERED_BYTES);
  readonly #running = new Map<string, Promise<boolean>>();

  /** @param key random, of this process alone */
  constructor(key: Uint8Array, verify: (password: string, hash: string) => Promise<boolean>) {
    this.#key = key;
    this.#verify = verify;
  }

  /** Answers at once if the very same check was passed before. */
  check(username: string, password: string, hash: string): boolean | Promise<boolean> {
    const mark = createHmac("sha256", this.#key)
      .update(JSON.stringify([username, password, hash]))
      .digest("base64");
    if (this.#verified.get(mark)) return true;
    return this.#running.get(mark) ?? this.#run(mark, password, hash);
  }

  /** A hundred nodes that come with the same password at once cost one check. */
  #run(mark: string, password: string, hash: string): Promise<boolean> {
    const running = this.#verify(password, hash)
      .then((isRight) => {
        if (isRight) this.#verified.set(mark, true, ENTRY_BYTES);
        return isRight;
      })
      .finally(() => this.#running.delete(mark));
    this.#running.set(mark, running);
    return running;
  }
}
