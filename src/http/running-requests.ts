import type { RequestHandler } from "./request-handler.ts";

/** How often a waiting stop looks. */
const LOOK_EVERY_MS = 10;

/**
 * Counts requests whose handler still works: also those whose connection is cut already, which have yet to save what came.
 */
export class RunningRequests {
  #count = 0;

  /** The same handler, counted. */
  counted(handle: RequestHandler): RequestHandler {
    return (request, connection) => {
      const response = handle(request, connection);
      if (!(response instanceof Promise)) return response;
      this.#count++;
      return response.finally(() => this.#count--);
    };
  }

  /** Resolves when no handler works any more, or after `timeoutMs`. @returns how many still do */
  async idle(timeoutMs: number): Promise<number> {
    for (let waitedMs = 0; this.#count > 0 && waitedMs < timeoutMs; waitedMs += LOOK_EVERY_MS)
      await Bun.sleep(LOOK_EVERY_MS);
    return this.#count;
  }
}
