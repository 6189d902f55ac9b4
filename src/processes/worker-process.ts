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

export interface WorkerLimits {
  /** One that serves and has not answered for so long is killed. */
  readonly stuckAfterMs: number;
  readonly onStuck: () => void;
}

/** So many questions in a row without an answer: a machine that was asleep asks again before it judges. */
const QUESTIONS = 6;

/** One serving process, from its start to its end. */
export class WorkerProcess<Config> {
  /** Resolves with its address once it serves, or with why it cannot. */
  readonly ready: Promise<URL | StartFailure>;
  /** Resolves when it is gone, and all it wrote is passed on. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #unanswered = 0;

  /** @param argv the command line of a serving process */
  constructor(argv: readonly string[], start: StartOrder<Config>, output: WorkerOutput, limits: WorkerLimits) {
    const { promise, resolve } = Promise.withResolvers<URL | StartFailure>();
    this.ready = promise;
    this.#child = Bun.spawn([...argv], {
      stdio: ["ignore", "pipe", "pipe"],
      ipc: (report: Report) => {
        if (report.kind === "alive") this.#unanswered = 0;
        else resolve(report.kind === "ready" ? new URL(report.url) : report);
      },
    });
    this.ended = this.#untilEnded(output);
    void this.ended.then(({ exitCode, signal }) =>
      resolve({ message: `a serving process ended while it started: ${signal ?? exitCode}`, isConfiguration: false }),
    );
    this.#send(start);
    void this.#watch(limits);
  }

  /** Asks it to end in peace. */
  stop(): void {
    this.#send({ kind: "stop" });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #watch({ stuckAfterMs, onStuck }: WorkerLimits): Promise<void> {
    if (!((await this.ready) instanceof URL)) return;
    const timer = setInterval(() => {
      this.#unanswered += 1;
      if (this.#unanswered <= QUESTIONS) return this.#send({ kind: "answer" });
      onStuck();
      this.kill();
    }, stuckAfterMs / QUESTIONS);
    await this.ended;
    clearInterval(timer);
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
