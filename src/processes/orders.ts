import type { ProcessPlace } from "./process-folder.ts";

/** What a serving process is told first. */
export interface StartOrder<Config> {
  readonly kind: "start";
  /** As all of them have it, whatever became of the file meanwhile. */
  readonly config: Config;
  readonly place: ProcessPlace;
}

export type Order<Config> = StartOrder<Config> | { readonly kind: "stop" };

/** What a serving process tells. */
export type Report =
  | { readonly kind: "ready"; readonly url: string }
  /** It cannot start, and ends. */
  | { readonly kind: "failed"; readonly message: string; readonly isConfiguration: boolean };

/** The process that started this one. */
export interface Superior<Config> {
  readonly start: StartOrder<Config>;
  /** Told to stop, or left alone. */
  readonly stopRequested: AbortSignal;
  /** Resolves when it is told. */
  readonly report: (report: Report) => Promise<void>;
  /** Lets this process end. */
  readonly leave: () => void;
}

/** Waits for the order to start; `undefined` if nobody gives orders: the process was started by hand. */
export function receiveOrders<Config>(): Promise<Superior<Config> | undefined> {
  if (process.send === undefined) return Promise.resolve(undefined);
  const { promise, resolve } = Promise.withResolvers<Superior<Config> | undefined>();
  const stop = new AbortController();
  process.on("message", (order: Order<Config>) => {
    if (order.kind === "stop") stop.abort();
    else resolve({ start: order, stopRequested: stop.signal, report: tell, leave: () => process.disconnect?.() });
  });
  // Without the one that watches it nobody would start it again, nor stop it.
  process.once("disconnect", () => {
    stop.abort();
    resolve(undefined);
  });
  return promise;
}

function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    // Nobody is there to hear of it if it cannot be sent.
    if (process.connected) process.send?.(report, undefined, undefined, () => resolve());
    else resolve();
  });
}
