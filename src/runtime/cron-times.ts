import { Cron } from "croner";
import { messageOf } from "./error-message.ts";

/** Moments by an expression of five fields, such as `0 3 * * *`, in UTC. */
export class CronTimes {
  readonly expression: string;
  readonly #cron: Cron;

  /** @throws Error that says what is wrong with it, also if it never comes */
  constructor(expression: string) {
    this.expression = expression;
    try {
      this.#cron = new Cron(expression, { timezone: "UTC", mode: "5-part" });
    } catch (error) {
      const reason = messageOf(error).replace(/^CronPattern: /, "");
      throw new Error(`"${expression}" is no schedule such as "0 3 * * *": ${reason}`, { cause: error });
    }
    if (!this.#cron.nextRun(new Date(0))) throw new Error(`"${expression}" is a moment that never comes`);
  }

  /** The first one behind it. */
  after(ms: number): number {
    const next = this.#cron.nextRun(new Date(ms));
    if (!next) throw new Error(`"${this.expression}" does not come any more`);
    return next.getTime();
  }
}
