import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { within } from "../../runtime/index.ts";
import type { RequestRecord } from "../request-record.ts";
import { requestAttributes, spanName } from "./request-attributes.ts";
import type { SamplerOptions, TracingOptions } from "./tracing-options.ts";
import type { RequestSpan, SpanAttributes, Tracing, TracingDependencies } from "./tracing.ts";

/** Sends spans to a collector as OTLP over HTTP. Loaded only when traces are on. */
export function openOtlpTracing(options: TracingOptions, dependencies: TracingDependencies): Tracing {
  setGlobalErrorHandler(sparingReport(dependencies));
  return new OtlpTracing(openProvider(options, dependencies.version), options.acceptsParent, dependencies);
}

class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #propagator: W3CTraceContextPropagator | undefined;
  readonly #current = new AsyncLocalStorage<Span>();
  readonly #dependencies: TracingDependencies;

  constructor(provider: TracerProvider, acceptsParent: boolean, dependencies: TracingDependencies) {
    this.#provider = provider;
    this.#tracer = provider.getTracer("berth", dependencies.version);
    this.#propagator = acceptsParent ? new W3CTraceContextPropagator() : undefined;
    this.#dependencies = dependencies;
  }

  startRequest(request: Pick<Request, "method" | "headers">): RequestSpan {
    const span = this.#tracer.startSpan(request.method, { kind: SpanKind.SERVER }, this.#parentOf(request.headers));
    return {
      run: (work) => this.#current.run(span, work),
      finish: (record) => finishRequest(span, record),
    };
  }

  async child<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T> {
    const parent = this.#current.getStore();
    if (!parent?.isRecording()) return work();
    const span = this.#tracer.startSpan(name, { attributes }, trace.setSpan(ROOT_CONTEXT, parent));
    try {
      return await this.#current.run(span, work);
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  async shutdown(timeoutMs: number): Promise<void> {
    try {
      await within(this.#provider.shutdown(), timeoutMs);
    } catch (error) {
      this.#dependencies.log.warn("the last traces could not be sent", { error });
    }
  }

  #parentOf(headers: Headers): Context {
    if (!this.#propagator || !headers.has("traceparent")) return ROOT_CONTEXT;
    const carrier = {
      traceparent: headers.get("traceparent") ?? "",
      tracestate: headers.get("tracestate") ?? "",
    };
    return this.#propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  }
}

function finishRequest(span: Span, record: RequestRecord): void {
  if (span.isRecording()) {
    span.updateName(spanName(record));
    span.setAttributes(requestAttributes(record));
    if (record.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    if (record.status >= 500 && record.error) span.recordException(record.error);
  }
  span.end();
}

function openProvider(options: TracingOptions, version: string): TracerProvider {
  const { url, headers, timeoutMs, batch } = options;
  return new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.version": version, ...options.resourceAttributes }),
    ),
    sampler: openSampler(options.sampler),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs }),
        scheduledDelayMillis: batch.delayMs,
        maxQueueSize: batch.maxQueueSize,
        maxExportBatchSize: batch.maxBatchSize,
        exportTimeoutMillis: batch.timeoutMs,
      }),
    ],
  });
}

function openSampler({ isParentBased, ratio }: SamplerOptions): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return isParentBased ? new ParentBasedSampler({ root }) : root;
}

const REPORT_EVERY_MS = 5 * 60_000;

/** A collector that is away would fill the log: it is reported once in five minutes. */
function sparingReport({ log, clock }: TracingDependencies): (error: unknown) => void {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  let unreported = 0;
  return (error) => {
    unreported += 1;
    if (clock.nowMs() - reportedAtMs < REPORT_EVERY_MS) return;
    log.warn("traces cannot be sent", { error, failures: unreported });
    reportedAtMs = clock.nowMs();
    unreported = 0;
  };
}
