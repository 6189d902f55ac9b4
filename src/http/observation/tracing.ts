import type { Clock, Log } from "../../runtime/index.ts";
import type { RequestRecord } from "../request-record.ts";
import { type Environment, readTracingSettings } from "./tracing-options.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Tells an OpenTelemetry collector what a request did and how long each part took. */
export interface Tracing {
  /** Begins the span of a request, below the one in its `traceparent`. */
  startRequest(request: Pick<Request, "method" | "headers">): RequestSpan;
  /** Runs a part of the request's work in a span of its own; outside a request it just runs it. */
  child<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>;
  /** Sends what is left and ends, at the latest after `timeoutMs`. */
  shutdown(timeoutMs: number): Promise<void>;
}

export interface RequestSpan {
  /** Runs the request's work, so that `child` finds the span. */
  run<T>(work: () => T): T;
  /** To be called once. */
  finish(record: RequestRecord): void;
}

export interface TracingDependencies {
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Starts tracing if the standard `OTEL_*` variables ask for it. OpenTelemetry is not even loaded otherwise: with it a start
 * takes longer and memory grows.
 */
export async function createTracing(env: Environment, dependencies: TracingDependencies): Promise<Tracing | undefined> {
  const { options, problems } = readTracingSettings(env);
  for (const problem of problems) dependencies.log.warn(problem);
  if (!options) return undefined;
  const { openOtlpTracing } = await import("./otlp-tracing.ts");
  dependencies.log.info("traces are sent", {
    "service.name": options.resourceAttributes["service.name"],
    url: options.url,
  });
  return openOtlpTracing(options, dependencies);
}
