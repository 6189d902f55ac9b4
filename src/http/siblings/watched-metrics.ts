import { RegistryError } from "../../oci/index.ts";
import type { Metrics, RenderedMetrics } from "../observation/index.ts";

/** As long as all processes may take to be asked, and a little more. */
const ANSWER_TIMEOUT_MS = 4000;

/**
 * What all processes counted, as the one that watches over them knows it.
 * @throws RegistryError `unavailable` from `render`, if it does not answer: what one process counted would be taken for the sum
 */
export function watchedMetrics(watcherSocket: string): Pick<Metrics, "render"> {
  return {
    async render() {
      try {
        const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
        const answer = await fetch("http://watcher/metrics", { unix: watcherSocket, signal });
        return (await answer.json()) as RenderedMetrics;
      } catch (cause) {
        const message = "the metrics of all processes are not to be had at the moment: ask again";
        throw new RegistryError("unavailable", message, { cause });
      }
    },
  };
}
