import { createHmac } from "node:crypto";

/** Beyond this the oldest is forgotten and costs a check again. */
const MAX_REMEMBERED = 10_000;

/**
 * Remembers which passwords were found right, so that a client does not cost a bcrypt at each request. Keeps no password:
 * only a keyed hash of user, password and the file's hash, so that a changed file entry is never met again.
 */
export class VerifiedPasswords {
  readonly #key: Uint8Array;
  readonly #verify: (password: string, hash: string) => Promise<boolean>;
  readonly #verified = new Set<string>();
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
    if (this.#verified.has(mark)) return true;
    return this.#running.get(mark) ?? this.#run(mark, password, hash);
  }

  /** A hundred nodes that come with the same password at once cost one check. */
  #run(mark: string, password: string, hash: string): Promise<boolean> {
    const running = this.#verify(password, hash)
      .then((isRight) => {
        if (isRight) this.#remember(mark);
        return isRight;
      })
      .finally(() => this.#running.delete(mark));
    this.#running.set(mark, running);
    return running;
  }

  #remember(mark: string): void {
    this.#verified.add(mark);
    for (const oldest of this.#verified) {
      if (this.#verified.size <= MAX_REMEMBERED) break;
      this.#verified.delete(oldest);
    }
  }
}
