import { type Clock, type Log, messageOf, within } from "../../runtime/index.ts";

/** What the registry cannot work without, or not well. */
export interface Probe {
  /** `storage`, `database`. */
  readonly name: string;
  /** Throws what keeps it from serving; resolves with what is wrong although pulls go on, as on a full disk. */
  readonly run: () => Promise<string | undefined>;
}

/** What is wrong, by name; empty when nothing is. */
export type Faults = Readonly<Record<string, string>>;

export interface Readiness {
  /** Whether pulls are served. */
  readonly isReady: boolean;
  readonly faults: Faults;
  /** What is no fault, and good to know. */
  readonly notice?: string | undefined;
}

export interface ProberOptions {
  readonly probes: readonly Probe[];
  readonly clock: Clock;
  readonly log: Log;
  /** How long a probe may take. */
  readonly timeoutMs: number;
  /** How long a result is used for further questions. */
  readonly cacheMs: number;
}

/**
 * Asks all probes at once. Who asks while they run, or shortly after, gets the same result: asking often costs nothing. That a
 * fault comes or goes is in the log.
 */
export class Prober {
  readonly #options: ProberOptions;
  #result: Promise<Readiness> | undefined;
  #known: Faults = {};
  #finishedAtMs = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  readiness(): Promise<Readiness> {
    if (this.#isStale()) this.#result = undefined;
    this.#result ??= this.#ask();
    return this.#result;
  }

  #isStale(): boolean {
    if (this.#finishedAtMs === 0) return false;
    const ageMs = this.#options.clock.nowMs() - this.#finishedAtMs;
    return ageMs < 0 || ageMs >= this.#options.cacheMs;
  }

  async #ask(): Promise<Readiness> {
    this.#finishedAtMs = 0;
    const { probes, timeoutMs, clock } = this.#options;
    const answers = await Promise.allSettled(probes.map((probe) => within(probe.run(), timeoutMs)));
    this.#finishedAtMs = clock.nowMs();
    const faults = Object.fromEntries(
      answers.flatMap((answer, i): [string, string][] => {
        const fault = answer.status === "rejected" ? messageOf(answer.reason) : answer.value;
        return fault === undefined ? [] : [[probes[i]?.name ?? "", fault]];
      }),
    );
    this.#tell(faults);
    return { isReady: answers.every(({ status }) => status === "fulfilled"), faults };
  }

  #tell(faults: Faults): void {
    const { log } = this.#options;
    for (const [check, fault] of Object.entries(faults))
      if (!(check in this.#known)) log.error("something is wrong", { check, fault });
    for (const check of Object.keys(this.#known)) if (!(check in faults)) log.info("it is right again", { check });
    this.#known = faults;
  }
}
