import { mergeReadings, type MetricsReading, type RenderedMetrics, renderTogether } from "../observation/index.ts";

/** What one process has counted, and which of its place it is. */
export interface SiblingReading {
  readonly restarts: number;
  readonly metrics: MetricsReading;
}

/** As long as one that answers at all may take. */
const ANSWER_TIMEOUT_MS = 2000;

/**
 * Adds up what several processes count. What a process has counted stays counted when it ends or does not answer: a sum that
 * got smaller would be taken for one that began anew at zero.
 */
export class MetricsLedger {
  readonly #sockets: readonly string[];
  readonly #last = new Map<string, SiblingReading>();
  /** Of processes that have ended. */
  #past: MetricsReading = [];
  #turn: Promise<unknown> = Promise.resolve();

  /** @param sockets those of the processes, one a place */
  constructor(sockets: readonly string[]) {
    this.#sockets = sockets;
  }

  render(): Promise<RenderedMetrics> {
    const rendered = this.#turn.then(() => this.#render());
    this.#turn = rendered.catch(() => undefined);
    return rendered;
  }

  async #render(): Promise<RenderedMetrics> {
    const answers = await Promise.all(this.#sockets.map(async (socket) => ({ socket, answer: await ask(socket) })));
    const readings: MetricsReading[] = [];
    for (const { socket, answer } of answers) readings.push(await this.#note(socket, answer));
    return renderTogether([...readings, this.#past]);
  }

  /** @returns what counts of the process now */
  async #note(socket: string, answer: SiblingReading | undefined): Promise<MetricsReading> {
    const last = this.#last.get(socket);
    if (!answer) return last ? countersOf(last.metrics) : [];
    if (last && last.restarts !== answer.restarts)
      this.#past = await mergeReadings([this.#past, countersOf(last.metrics)]);
    this.#last.set(socket, answer);
    return answer.metrics;
  }
}

/** What only grows. */
function countersOf(reading: MetricsReading): MetricsReading {
  return reading.filter(({ type }) => `${type}` !== "gauge");
}

async function ask(socket: string): Promise<SiblingReading | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const answer = await fetch("http://sibling/metrics", { unix: socket, signal });
    return (await answer.json()) as SiblingReading;
  } catch {
    return undefined;
  }
}
