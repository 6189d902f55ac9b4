/** What is told of requests: access log, request log, metrics, traces. It observes and never decides. */
export { type AccessLog, createAccessLog } from "./access-log.ts";
export { measureMetadata } from "./measure-metadata.ts";
export { measureStorage } from "./measure-storage.ts";
export {
  createMetrics,
  mergeReadings,
  type Metrics,
  type MetricsReading,
  type RenderedMetrics,
  renderTogether,
} from "./metrics.ts";
export { findOpenFilesFault } from "./process-metrics.ts";
export { logRequest } from "./request-log.ts";
export { traceStorage } from "./trace-storage.ts";
export { createTracing, type RequestSpan, type Tracing } from "./tracing.ts";
