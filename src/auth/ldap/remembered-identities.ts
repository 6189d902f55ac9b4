import { createHmac } from "node:crypto";
import type { Clock } from "../../runtime/index.ts";
import type { ExternalIdentity } from "../sign-in/password-source.ts";

/** Beyond this the oldest is forgotten and the directory asked again. */
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly identity: ExternalIdentity;
  readonly untilMs: number;
}

type Outcome = ExternalIdentity | "unknown-user" | "wrong-password";

/**
 * Remembers for a while whose password was right, so that a client does not cost three questions at each request, and lets the same
 * question that comes many times at once be asked once. Keeps no password: only a keyed hash of it with the name.
 */
export class RememberedIdentities {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #remembered = new Map<string, Remembered>();
  readonly #running = new Map<string, Promise<Outcome>>();

  /**
   * @param key random, of this process alone
   * @param lifeMs 0: nothing is remembered
   */
  constructor(key: Uint8Array, clock: Clock, lifeMs: number) {
    this.#key = key;
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  async check(username: string, password: string, ask: () => Promise<Outcome>): Promise<Outcome> {
    const mark = createHmac("sha256", this.#key)
      .update(JSON.stringify([username, password]))
      .digest("base64");
    const remembered = this.#remembered.get(mark);
    if (remembered && remembered.untilMs > this.#clock.nowMs()) return remembered.identity;
    this.#remembered.delete(mark);
    return this.#running.get(mark) ?? this.#run(mark, ask);
  }

  #run(mark: string, ask: () => Promise<Outcome>): Promise<Outcome> {
    // From the question on: what changes in the directory while it is asked may not be in the answer.
    const untilMs = this.#clock.nowMs() + this.#lifeMs;
    const running = ask()
      .then((outcome) => {
        if (typeof outcome === "object" && this.#lifeMs > 0) this.#remember(mark, { identity: outcome, untilMs });
        return outcome;
      })
      .finally(() => this.#running.delete(mark));
    this.#running.set(mark, running);
    return running;
  }

  #remember(mark: string, remembered: Remembered): void {
    this.#remembered.set(mark, remembered);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
  }
}
