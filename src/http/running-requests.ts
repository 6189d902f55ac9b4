import { within } from "../runtime/index.ts";
import type { RequestHandler } from "./request-handler.ts";

/**
 * Counts requests whose handler still works: also those whose connection is cut already, which have yet to save what came.
 */
export class RunningRequests {
  #count = 0;
  /** Whoever waits until it is none. */
  #waiting: (() => void) | undefined;

  /** The same handler, counted. */
  counted(handle: RequestHandler): RequestHandler {
    return (request, connection, refusal) => {
      const response = handle(request, connection, refusal);
      if (!(response instanceof Promise)) return response;
      this.#count++;
      return response.finally(() => this.#end());
    };
  }

  #end(): void {
    this.#count--;
    if (this.#count === 0) this.#waiting?.();
  }

  /** Resolves when no handler works any more, or after `timeoutMs`. @returns how many still do */
  async idle(timeoutMs: number): Promise<number> {
    if (this.#count === 0) return 0;
    const { promise: none, resolve } = Promise.withResolvers<void>();
    this.#waiting = resolve;
    await within(none, timeoutMs).catch(() => undefined);
    return this.#count;
  }
}
