import { type Metrics, type MetricsReading, renderTogether } from "../observation/index.ts";
import type { SiblingProcesses } from "./pass-on-uploads.ts";
import { METRICS_PATH } from "./sibling-handler.ts";

/** As long as one that answers at all may take. */
const ANSWER_TIMEOUT_MS = 2000;

/** What all processes counted, as one; one that does not answer is left out. */
export function combineMetrics(own: Pick<Metrics, "read">, siblings: SiblingProcesses): Pick<Metrics, "render"> {
  const others = Array.from({ length: siblings.count }, (_, index) => index).filter(
    (index) => index !== siblings.index,
  );
  return {
    async render() {
      const readings = await Promise.all([own.read(), ...others.map((index) => ask(siblings.socketOf(index)))]);
      return renderTogether(readings.filter((reading) => reading !== undefined));
    },
  };
}

async function ask(socket: string): Promise<MetricsReading | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const answer = await fetch(`http://sibling${METRICS_PATH}`, { unix: socket, signal });
    return (await answer.json()) as MetricsReading;
  } catch {
    return undefined;
  }
}
