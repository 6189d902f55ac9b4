/** Whether the registry can serve: registry:2's periodic checks, readiness and liveness, and the debug address. */
export { createDebugHandler } from "./debug-handler.ts";
export { createHealthChecks } from "./health-checks.ts";
export { respondLive, respondMetrics, respondReady } from "./health-pages.ts";
export { createHealth, type Health } from "./health.ts";
