import type { Clock } from "../../runtime/index.ts";
import { within } from "./within.ts";

/** What the registry cannot work without; `run` throws what is wrong with it. */
export interface Probe {
  /** `storage`, `database`. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What is wrong, by name; empty when nothing is. */
export type Faults = Readonly<Record<string, string>>;

export interface ProberOptions {
  readonly probes: readonly Probe[];
  readonly clock: Clock;
  /** How long a probe may take. */
  readonly timeoutMs: number;
  /** How long a result is used for further questions. */
  readonly cacheMs: number;
}

/** Asks all probes at once. Who asks while they run, or shortly after, gets the same result: asking often costs nothing. */
export class Prober {
  readonly #options: ProberOptions;
  #result: Promise<Faults> | undefined;
  #finishedAtMs = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  faults(): Promise<Faults> {
    if (this.#isStale()) this.#result = undefined;
    this.#result ??= this.#ask();
    return this.#result;
  }

  #isStale(): boolean {
    if (this.#finishedAtMs === 0) return false;
    const ageMs = this.#options.clock.nowMs() - this.#finishedAtMs;
    return ageMs < 0 || ageMs >= this.#options.cacheMs;
  }

  async #ask(): Promise<Faults> {
    this.#finishedAtMs = 0;
    const { probes, timeoutMs, clock } = this.#options;
    const answers = await Promise.allSettled(probes.map((probe) => within(probe.run(), timeoutMs)));
    this.#finishedAtMs = clock.nowMs();
    return Object.fromEntries(
      answers.flatMap((answer, i) =>
        answer.status === "rejected" ? [[probes[i]?.name, messageOf(answer.reason)]] : [],
      ),
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
