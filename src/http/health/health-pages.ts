import { type Answer, jsonAnswer } from "../answer.ts";
import type { Metrics } from "../observation/index.ts";
import type { Health } from "./health.ts";

/** The process runs and answers: all that a liveness probe should restart it for. */
export function respondLive(): Answer {
  return json(200, { status: "ok" });
}

/**
 * 200 when the registry can serve, if only pulls, else 503.
 * @param shown whether the answer names what is wrong or good to know, which is not for everybody.
 */
export async function respondReady(health: Pick<Health, "readiness">, shown: "faults" | "nothing"): Promise<Answer> {
  const { isReady, faults, notice } = await health.readiness();
  const isWell = Object.keys(faults).length === 0;
  const status = isWell ? "ok" : isReady ? "degraded" : "unavailable";
  if (shown === "nothing") return json(isReady ? 200 : 503, { status });
  return json(isReady ? 200 : 503, { status, ...(!isWell && { faults }), ...(notice !== undefined && { notice }) });
}

/** registry:2's `/debug/health`: the failing checks by name. */
export function respondHealth(health: Pick<Health, "status">): Answer {
  const status = health.status();
  return json(Object.keys(status).length === 0 ? 200 : 503, status);
}

/** All metrics in Prometheus' text format. */
export async function respondMetrics(metrics: Pick<Metrics, "render">): Promise<Answer> {
  const { contentType, body } = await metrics.render();
  return { status: 200, headers: { "Content-Type": contentType, "Cache-Control": "no-store" }, body };
}

/** An answer that no cache keeps. */
export function json(status: number, body: unknown): Answer {
  const headers = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" };
  return jsonAnswer(body, headers, status);
}
