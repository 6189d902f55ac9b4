import type { Clock } from "./clock.ts";

const collectAfterBytes = 16 * 1024 * 1024;
const restMs = 250;

/**
 * Has the garbage of received bodies collected before it piles up. The engine counts memory outside of its heap late: a few
 * hundred slow uploads grew the process by 200 MB, of which 20 were in use.
 */
export class GarbagePacer {
  readonly #collect: () => void;
  readonly #clock: Clock;
  #receivedBytes = 0;
  #collectedAtMs = 0;

  /** @param collect takes some milliseconds, in which nothing else goes on */
  constructor(collect: () => void, clock: Clock) {
    this.#collect = collect;
    this.#clock = clock;
  }

  /** To be told of each piece of a body once it is used. */
  received(sizeBytes: number): void {
    this.#receivedBytes += sizeBytes;
    if (this.#receivedBytes < collectAfterBytes) return;
    const nowMs = this.#clock.nowMs();
    if (Math.abs(nowMs - this.#collectedAtMs) < restMs) return;
    this.#receivedBytes = 0;
    this.#collectedAtMs = nowMs;
    this.#collect();
  }
}
