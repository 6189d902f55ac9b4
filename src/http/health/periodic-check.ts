import { type Log, messageOf, within } from "../../runtime/index.ts";
import type { HealthCheck } from "./health-checks.ts";

const LONGEST_MS = 30_000;

/** One check with its pace: it fails once it failed so many times in a row, and passes again with the first success. */
export class PeriodicCheck {
  readonly #check: HealthCheck;
  readonly #log: Log;
  #failures = 0;
  #fault: string | undefined;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(check: HealthCheck, log: Log) {
    this.#check = check;
    this.#log = log;
  }

  get name(): string {
    return this.#check.name;
  }

  /** Why it is unhealthy; `undefined` while it is not. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Looks for the first time after one interval, as what is checked may start together with the registry. */
  start(): void {
    this.#timer = setTimeout(() => void this.#runAndContinue(), this.#check.intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async runOnce(): Promise<void> {
    // One that hangs is not started a second time beside itself.
    this.#running ??= this.#check.run().finally(() => (this.#running = undefined));
    try {
      await within(this.#running, LONGEST_MS);
      this.#pass();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #runAndContinue(): Promise<void> {
    const timer = this.#timer;
    await this.runOnce();
    if (this.#timer === timer) this.start();
  }

  #pass(): void {
    if (this.#fault !== undefined) this.#log.info("health check passes again", { check: this.name });
    this.#failures = 0;
    this.#fault = undefined;
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    if (this.#failures < this.#check.threshold) return;
    if (this.#fault === undefined) this.#log.error("health check failed", { check: this.name, error });
    this.#fault = messageOf(error);
  }
}
