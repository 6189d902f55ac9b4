import { RegistryError } from "../../oci/index.ts";

/** Lets so many sign-ins ask the directory at once. The others wait, for a while and not in any number. */
export class SignInTurns {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #waiting: ((mayGo: boolean) => void)[] = [];
  #running = 0;
  readonly #whenIdle: (() => void)[] = [];

  constructor(max: number, maxWaiting: number, maxWaitMs: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitMs = maxWaitMs;
  }

  /** @throws RegistryError `unavailable` if it takes too long until it is the turn of this one */
  async run<T>(signIn: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running += 1;
    else if (!(await this.#waitForTurn())) throw new RegistryError("unavailable", "too many sign-ins wait: try again");
    try {
      return await signIn();
    } finally {
      this.#passOn();
    }
  }

  /** Sends away who waits, and resolves when nobody is under way. */
  async drain(): Promise<void> {
    for (const answer of this.#waiting.splice(0)) answer(false);
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #waitForTurn(): Promise<boolean> {
    if (this.#waiting.length >= this.#maxWaiting) return false;
    const turn = Promise.withResolvers<boolean>();
    this.#waiting.push(turn.resolve);
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(turn.resolve), 1);
      turn.resolve(false);
    }, this.#maxWaitMs);
    try {
      return await turn.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The turn goes from one to the next, so that nobody gets in between. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) return next(true);
    this.#running -= 1;
    if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
