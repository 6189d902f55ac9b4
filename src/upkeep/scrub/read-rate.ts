import { type Clock, pause as abortablePause } from "../../runtime/index.ts";

export interface ReadRateOptions {
  /** 0: as fast as it goes. */
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  /** Waits; ends early when `signal` is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const SMALLEST_PIECE = 4 * 1024;
const LARGEST_PIECE = 1024 * 1024;

/** Spreads reading over time, for all that read at once together. */
export class ReadRate {
  readonly #options: ReadRateOptions;
  /** When all that was allowed so far has been read at this rate. */
  #spentUntilMs = 0;

  constructor(options: ReadRateOptions) {
    this.#options = options;
  }

  /** How much to read at once, so that a wait is about a second at most. */
  get pieceBytes(): number {
    const { bytesPerSecond } = this.#options;
    return bytesPerSecond === 0 ? LARGEST_PIECE : Math.max(SMALLEST_PIECE, Math.min(bytesPerSecond, LARGEST_PIECE));
  }

  /**
   * Resolves when so many bytes may be read.
   * @throws the reason of `signal` when it is aborted
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const { bytesPerSecond, clock, pause = abortablePause } = this.#options;
    signal.throwIfAborted();
    if (bytesPerSecond === 0) return;
    const nowMs = clock.nowMs();
    const startsAtMs = Math.max(nowMs, this.#spentUntilMs);
    this.#spentUntilMs = startsAtMs + (bytes / bytesPerSecond) * 1000;
    if (startsAtMs > nowMs) await pause(startsAtMs - nowMs, signal);
    signal.throwIfAborted();
  }
}
