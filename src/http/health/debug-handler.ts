import { RegistryError } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { type Answer, responseOf } from "../answer.ts";
import { asRegistryError, errorAnswer, OPEN_CONTEXT } from "../error-answer.ts";
import type { Metrics } from "../observation/metrics.ts";
import { pathOf, targetOf } from "../request-target.ts";
import { json, respondHealth, respondLive, respondMetrics, respondReady } from "./health-pages.ts";
import type { Health } from "./health.ts";

export interface DebugOptions {
  readonly health: Health;
  /** Without it there is no metrics page. */
  readonly metrics?: Pick<Metrics, "render"> | undefined;
  readonly metricsPath: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
}

type DebugPage = () => Answer | Promise<Answer>;

/**
 * Answers on the debug address, which asks nobody who he is: `/debug/health` and `/debug/vars` as registry:2, `/livez`,
 * `/readyz` with what is wrong, and the metrics.
 */
export function createDebugHandler(options: DebugOptions): (request: Request) => Promise<Response> {
  const { health, metrics, metricsPath } = options;
  const pages = new Map<string, DebugPage>([
    ["/debug/health", () => respondHealth(health)],
    ["/debug/vars", () => json(200, variables(options))],
    ["/livez", respondLive],
    ["/readyz", () => respondReady(health, "faults")],
  ]);
  if (metrics) pages.set(metricsPath, () => respondMetrics(metrics));
  return async (request) => {
    const failed = (error: unknown) => errorAnswer(asRegistryError(error), OPEN_CONTEXT);
    return responseOf(await answer(request, pages).catch(failed));
  };
}

async function answer(request: Request, pages: ReadonlyMap<string, DebugPage>): Promise<Answer> {
  const page = pages.get(pathOf(targetOf(request.url)));
  if (!page) throw new RegistryError("route-unknown", `there is no such page; there are ${listed(pages)}`);
  if (request.method === "GET" || request.method === "HEAD") return page();
  throw new RegistryError("method-not-allowed", "this page can only be read: GET or HEAD");
}

function listed(pages: ReadonlyMap<string, DebugPage>): string {
  return [...pages.keys()].join(", ");
}

/** A little of Go's expvar, for a look by hand; what is watched is in the metrics. */
function variables({ version, startedAtMs, clock }: DebugOptions): unknown {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    version,
    bun: Bun.version,
    uptimeSeconds: Math.floor((clock.nowMs() - startedAtMs) / 1000),
    memory: { residentBytes: rss, heapUsedBytes: heapUsed, externalBytes: external },
  };
}
