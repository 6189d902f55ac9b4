import type { ProcessPlace } from "./process-folder.ts";

/** What a serving process is told first. */
export interface StartOrder<Config> {
  readonly kind: "start";
  /** As all of them have it, whatever became of the file meanwhile. */
  readonly config: Config;
  readonly place: ProcessPlace;
}

export type Order<Config> = StartOrder<Config> | { readonly kind: "stop" } | { readonly kind: "answer" };

/** What a serving process tells. */
export type Report =
  | { readonly kind: "ready"; readonly url: string }
  /** To the order to answer: it is not stuck. */
  | { readonly kind: "alive" }
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

/** How often it is looked whether the one that gives orders is still there: the event alone may come before anybody listens. */
const LOOK_EVERY_MS = 500;

/** Waits for the order to start; `undefined` if nobody gives orders: the process was started by hand. */
export function receiveOrders<Config>(): Promise<Superior<Config> | undefined> {
  if (process.send === undefined) return Promise.resolve(undefined);
  const { promise, resolve } = Promise.withResolvers<Superior<Config> | undefined>();
  const stop = new AbortController();
  const report = (told: Report) => tell(told, stop.signal);
  process.on("message", (order: Order<Config>) => {
    if (order.kind === "stop") stop.abort();
    else if (order.kind === "answer") process.send?.({ kind: "alive" } satisfies Report);
    else resolve({ start: order, stopRequested: stop.signal, report, leave: () => process.disconnect?.() });
  });
  const leaveAlone = () => {
    clearInterval(timer);
    // Without the one that watches it nobody would start it again, nor stop it.
    stop.abort();
    resolve(undefined);
  };
  const timer = setInterval(() => process.connected || leaveAlone(), LOOK_EVERY_MS);
  timer.unref();
  process.once("disconnect", leaveAlone);
  return promise;
}

/** Nobody is there to hear of it any more once this process is to stop. */
async function tell(report: Report, stopRequested: AbortSignal): Promise<void> {
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  stopRequested.addEventListener("abort", () => resolve(), { once: true });
  if (process.connected && !stopRequested.aborted) process.send?.(report, undefined, undefined, () => resolve());
  else resolve();
  await sent;
}
