import type { Order, Report, StartOrder } from "./orders.ts";
import { relayLines } from "./relay-lines.ts";

/** A serving process cannot start; the message is for people. */
export interface StartFailure {
  readonly message: string;
  readonly isConfiguration: boolean;
}

export interface WorkerOutput {
  /** One line or several, without the end of the last. */
  readonly stdout: (lines: string) => void;
  readonly stderr: (lines: string) => void;
}

/** How one process ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | number | null;
}

/** One serving process, from its start to its end. */
export class WorkerProcess<Config> {
  /** Resolves with its address once it serves, or with why it cannot. */
  readonly ready: Promise<URL | StartFailure>;
  /** Resolves when it is gone, and all it wrote is passed on. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;

  /** @param argv the command line of a serving process */
  constructor(argv: readonly string[], start: StartOrder<Config>, output: WorkerOutput) {
    const { promise, resolve } = Promise.withResolvers<URL | StartFailure>();
    this.ready = promise;
    this.#child = Bun.spawn([...argv], {
      stdio: ["ignore", "pipe", "pipe"],
      ipc: (report: Report) => resolve(report.kind === "ready" ? new URL(report.url) : report),
    });
    this.ended = this.#untilEnded(output);
    void this.ended.then(({ exitCode, signal }) =>
      resolve({ message: `a serving process ended while it started: ${signal ?? exitCode}`, isConfiguration: false }),
    );
    this.#send(start);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Asks it to end in peace. */
  stop(): void {
    this.#send({ kind: "stop" });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #untilEnded(output: WorkerOutput): Promise<WorkerEnd> {
    const { stdout, stderr, exited } = this.#child;
    const relays = [relayLines(stdout, output.stdout), relayLines(stderr, output.stderr)];
    await exited;
    await Promise.allSettled(relays);
    return { exitCode: this.#child.exitCode, signal: this.#child.signalCode };
  }

  #send(order: Order<Config>): void {
    try {
      this.#child.send(order);
    } catch {
      // One that is gone needs no orders any more; `ended` tells.
    }
  }
}
