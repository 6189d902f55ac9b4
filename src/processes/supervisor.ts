import type { Log } from "../runtime/index.ts";
import type { ProcessPlace } from "./process-folder.ts";
import { type StartFailure, type WorkerEnd, type WorkerOutput, WorkerProcess } from "./worker-process.ts";

export interface SupervisorParts<Config> {
  /** The command line of a serving process. */
  readonly argv: readonly string[];
  readonly config: Config;
  readonly count: number;
  readonly folder: string;
  readonly output: WorkerOutput;
  readonly log: Log;
  /** A process that has not ended so long after it was told to is killed. */
  readonly stopTimeoutMs: number;
  /** So is one that serves and has not answered for so long. */
  readonly stuckAfterMs: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Starts the serving processes, starts again whichever ends by itself, and stops them together. */
export class Supervisor<Config> {
  readonly #parts: SupervisorParts<Config>;
  readonly #places: WatchedPlace<Config>[] = [];
  #isStopping = false;

  constructor(parts: SupervisorParts<Config>) {
    this.#parts = parts;
  }

  /**
   * Starts all of them, the first one alone: what only one may do at a start, such as bringing tables up to date, is done then.
   * If one cannot start, those that did are to be stopped.
   */
  async start(): Promise<URL | StartFailure> {
    const first = this.#watch(0);
    const url = await first.ready;
    if (!(url instanceof URL) || this.#isStopping) return url;
    const others = Array.from({ length: this.#parts.count - 1 }, (_, i) => this.#watch(i + 1));
    const outcomes = await Promise.all(others.map((other) => other.ready));
    return outcomes.find((outcome): outcome is StartFailure => !(outcome instanceof URL)) ?? url;
  }

  /** Lets all of them end in peace, and resolves when they have. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.kill(), this.#parts.stopTimeoutMs);
    await Promise.all(this.#places.map((place) => place.stop()));
    clearTimeout(timer);
  }

  /** Ends all of them at once. */
  kill(): void {
    for (const place of this.#places) place.kill();
  }

  #watch(index: number): WatchedPlace<Config> {
    const place = new WatchedPlace(this.#parts, index);
    this.#places.push(place);
    return place;
  }
}

/** One of the places, where a process serves whatever becomes of the one before it. */
class WatchedPlace<Config> {
  /** Whether its first process could start. */
  readonly ready: Promise<URL | StartFailure>;
  readonly #parts: SupervisorParts<Config>;
  readonly #index: number;
  readonly #watching: Promise<void>;
  readonly #stopping = Promise.withResolvers<void>();
  #worker: WorkerProcess<Config>;
  #isStopping = false;

  constructor(parts: SupervisorParts<Config>, index: number) {
    this.#parts = parts;
    this.#index = index;
    this.#worker = this.#start(0);
    this.ready = this.#worker.ready;
    this.#watching = this.#watch();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#worker.stop();
    return this.#watching;
  }

  kill(): void {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#worker.kill();
  }

  #start(restarts: number): WorkerProcess<Config> {
    const { argv, config, count, folder, output, log, stuckAfterMs } = this.#parts;
    const index = this.#index;
    const place: ProcessPlace = { index, count, folder, restarts };
    const onStuck = () => log.error("a serving process does not answer and is killed", { process: index });
    return new WorkerProcess(argv, { kind: "start", config, place }, output, { stuckAfterMs, onStuck });
  }

  async #watch(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    if (!((await this.ready) instanceof URL)) return void (await this.#worker.ended);
    for (let restarts = 1; ; restarts++) {
      const end = await this.#worker.ended;
      if (this.#isStopping) return;
      // One that served is missed; one that cannot even start needs no haste.
      pauseMs = (await this.#worker.ready) instanceof URL ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      this.#tell(end, pauseMs);
      await Promise.race([Bun.sleep(pauseMs), this.#stopping.promise]);
      if (this.#isStopping) return;
      this.#worker = this.#start(restarts);
      void this.#tellIfFailed(this.#worker);
    }
  }

  #tell({ exitCode, signal }: WorkerEnd, pauseMs: number): void {
    const fields = { process: this.#index, exitCode, signal, startsAgainAfterMs: pauseMs };
    this.#parts.log.error("a serving process ended by itself and is started again", fields);
  }

  async #tellIfFailed(worker: WorkerProcess<Config>): Promise<void> {
    const outcome = await worker.ready;
    if (!(outcome instanceof URL))
      this.#parts.log.error(`a serving process cannot start: ${outcome.message}`, { process: this.#index });
  }
}
