import type { Metrics, RenderedMetrics } from "../observation/index.ts";

/** As long as all processes may take to be asked, and a little more. */
const ANSWER_TIMEOUT_MS = 4000;

/** What all processes counted, as the one that watches over them knows it; without an answer, what this one did. */
export function watchedMetrics(own: Pick<Metrics, "render">, watcherSocket: string): Pick<Metrics, "render"> {
  return {
    async render() {
      try {
        const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
        const answer = await fetch("http://watcher/metrics", { unix: watcherSocket, signal });
        return (await answer.json()) as RenderedMetrics;
      } catch {
        return own.render();
      }
    },
  };
}
